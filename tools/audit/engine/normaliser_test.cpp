// SPDX-License-Identifier: MIT
#include "audit/engine/normaliser.hpp"

#include <gtest/gtest.h>

#include <string>

#include "audit/engine/op_text_for_test.hpp"

namespace drover::audit::normaliser_test {
namespace {

using namespace testing;

/// Feeds commands to a normaliser, on connection 1 unless `connection` is changed.
struct feed {
  normaliser subject;
  std::uint64_t connection = 1;
  std::uint64_t transaction = 0;
  bool executed = true;

  std::string operator()(const std::string& command, const std::string& reply) {
    event input = command_of(command);
    input.answer = reply_of(reply);
    input.connection = connection;
    input.transaction = transaction;
    input.executed = executed;
    last_ = input;
    return text_of_all(subject.ops_of(last_, 7));
  }
  /// A command inside a transaction. Its EXEC must come first.
  std::string in(std::uint64_t number, const std::string& command, const std::string& reply,
                 bool ran = true) {
    transaction = number;
    executed = ran;
    std::string text = (*this)(command, reply);
    transaction = 0;
    executed = true;
    return text;
  }

 private:
  event last_;
};

TEST(audit_normaliser, CarriesWhoAndWhen) {
  normaliser subject;
  event input = command_of("SET @a =x");
  input.sequence = 3;
  input.connection = 4;
  input.batch = 5;
  input.database = 6;
  input.sent = moment{100};
  input.done = moment{50};  // the normaliser must raise it to `sent`
  input.answer = reply_of("ok");
  const auto ops = subject.ops_of(input, 7);
  ASSERT_EQ(ops.size(), 1U);
  EXPECT_EQ(ops[0].sequence, 3U);
  EXPECT_EQ(ops[0].connection, 4U);
  EXPECT_EQ(ops[0].batch, 5U);
  EXPECT_EQ(ops[0].database, 6U);
  EXPECT_EQ(ops[0].process, 7U);
  EXPECT_EQ(ops[0].sent, moment{100});
  EXPECT_EQ(ops[0].done, moment{100});
  EXPECT_EQ(ops[0].command, "SET");
}

TEST(audit_normaliser, ADeleteInATransactionThatWatchedTheKeyCompares) {
  feed client;
  client("WATCH @lock", "ok");
  EXPECT_EQ(client("GET @lock", "text"), "read lock yes");
  client.in(1, "EXEC", "[2]");
  EXPECT_EQ(client.in(1, "DEL @lock", "1"), "compare-remove lock yes");
  EXPECT_EQ(client.in(1, "DEL @other", "1"), "remove other yes");
  EXPECT_EQ(client.in(1, "PEXPIRE @lock 5", "1"), "compare-expire lock yes 5ms");
  EXPECT_EQ(client.in(1, "SET @lock =x", "ok"), "store lock yes if-equal");
  EXPECT_EQ(client("DEL @lock", "1"), "remove lock yes") << "the watch ended with EXEC";
}

TEST(audit_normaliser, TheComparedTokenIsTheOneThatWasRead) {
  feed client;
  client("WATCH @lock", "ok");
  client("GET @lock", "text");
  client.in(1, "EXEC", "[1]");
  event input = command_of("DEL @lock");
  input.answer = reply_of("1");
  input.connection = 1;
  input.transaction = 1;
  const auto ops = client.subject.ops_of(input, 7);
  ASSERT_EQ(ops.size(), 1U);
  EXPECT_EQ(ops[0].value, digest_of_text("text"));
}

TEST(audit_normaliser, OfATransactionThatDidNotRunOnlyTheRefusedComparisonIsLeft) {
  feed client;
  client("WATCH @lock", "ok");
  client("GET @lock", "text");
  client.in(1, "EXEC", "nil");
  EXPECT_EQ(client.in(1, "SET @other =x", "missing", false), "");
  EXPECT_EQ(client.in(1, "DEL @other", "missing", false), "");
  EXPECT_EQ(client.in(1, "DEL @lock", "missing", false), "compare-remove lock no");
}

TEST(audit_normaliser, ACommandThatIsRedirectedIsTheOneAtTheOtherNode) {
  feed client;
  for (const char* const word : {"error:MOVED", "error:ASK", "error:TRYAGAIN"}) {
    EXPECT_EQ(client("GET @k", word), "") << word;
    EXPECT_EQ(client("SET @lock =t NX PX 100", word), "") << word;
    EXPECT_EQ(client("EVALSHA 1 @k", word), "") << word;
  }
  EXPECT_NE(client("GET @k", "error:CLUSTERDOWN"), "");
  EXPECT_NE(client("GET @k", "nil"), "");
}

TEST(audit_normaliser, AWatchEndsWhereTheServerEndsIt) {
  for (const char* const end : {"UNWATCH", "DISCARD", "EXEC", "RESET"}) {
    feed client;
    client("WATCH @lock", "ok");
    client(end, "ok");
    client.in(2, "EXEC", "[1]");
    EXPECT_EQ(client.in(2, "DEL @lock", "1"), "remove lock yes") << end;
  }
  feed closed;
  closed("WATCH @lock", "ok");
  closed.subject.closed(1);
  closed.in(2, "EXEC", "[1]");
  EXPECT_EQ(closed.in(2, "DEL @lock", "1"), "remove lock yes");
  feed another;
  another("WATCH @lock", "ok");
  another.connection = 2;
  another.in(2, "EXEC", "[1]");
  EXPECT_EQ(another.in(2, "DEL @lock", "1"), "remove lock yes");
}

struct script_row {
  script_seen::purpose does;
  script_seen::success says;
  const char* reply;
  const char* ops;
};

TEST(audit_normaliser, ScriptsAreWhatTheirBodiesDo) {
  using purpose = script_seen::purpose;
  using success = script_seen::success;
  for (const script_row& row :
       {script_row{purpose::compare_and_delete, success::one, "1", "compare-remove k yes"},
        script_row{purpose::compare_and_delete, success::one, "0", "compare-remove k no"},
        script_row{purpose::compare_and_expire, success::one, "1", "compare-expire k yes 500ms"},
        script_row{purpose::compare_and_store, success::ok, "ok", "store k yes 500ms if-script"},
        script_row{purpose::compare_and_store, success::first_one, "[1 7]",
                   "store k yes 500ms if-script"},
        script_row{purpose::compare_and_store, success::first_one, "[0 7]",
                   "store k no 500ms if-script"},
        script_row{purpose::compare_and_store, success::first_one, "[2 7]",
                   "store k no 500ms if-script"},
        script_row{purpose::acquire, success::null, "nil", "acquire k yes 500ms"},
        script_row{purpose::acquire, success::null, "7", "acquire k no 500ms"},
        script_row{purpose::store, success::unknown, "ok", "store k yes 500ms"},
        script_row{purpose::read, success::unknown, "nil", "read k no"},
        script_row{purpose::del, success::unknown, "1", "remove k yes"},
        script_row{purpose::rate_limit, success::unknown, "0", "change k yes"},
        script_row{purpose::unknown, success::unknown, "1", "opaque k yes"},
        script_row{purpose::acquire, success::null, "error", "acquire k failed 500ms"},
        script_row{purpose::acquire, success::null, "missing", "acquire k unknown 500ms"}}) {
    feed client;
    script_seen body;
    body.script = "s";
    body.does = row.does;
    body.says = row.says;
    body.token_argument = 1;
    body.ttl_argument = 2;
    client.subject.add_script(body);
    event input = command_of("EVALSHA =s 1 @k =token 500");
    input.script = "s";
    input.answer = reply_of(row.reply);
    EXPECT_EQ(text_of_all(client.subject.ops_of(input, 7)), row.ops) << row.reply;
    EXPECT_EQ(client.subject.opaque_calls(), 0U);
  }
}

TEST(audit_normaliser, AScriptThatWasNeverSeenIsOpaque) {
  feed client;
  event input = command_of("EVALSHA =s 2 @k @l =token");
  input.script = "s";
  input.answer = reply_of("1");
  EXPECT_EQ(text_of_all(client.subject.ops_of(input, 7)), "opaque k unknown, opaque l unknown");
  EXPECT_EQ(client.subject.script_calls(), 1U);
  EXPECT_EQ(client.subject.opaque_calls(), 1U);
  input.answer.kind = reply_kind::error;
  input.answer.word = "NOSCRIPT";
  EXPECT_TRUE(client.subject.ops_of(input, 7).empty()) << "the server did not run it";
}

}  // namespace
}  // namespace drover::audit::normaliser_test
