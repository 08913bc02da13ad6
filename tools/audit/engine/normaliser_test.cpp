// SPDX-License-Identifier: MIT
#include "audit/engine/normaliser.hpp"

#include <gtest/gtest.h>

#include <string>

#include "audit/engine/op_text_for_test.hpp"

namespace drover::audit {
namespace {

using namespace testing;

/// A normaliser and what is fed to it, one connection unless said otherwise.
struct feed {
  normaliser subject;
  std::uint64_t connection = 1;
  std::uint64_t transaction = 0;
  bool executed = true;

  std::string operator()(const std::string& command, const std::string& reply) {
    event what = command_of(command);
    what.answer = reply_of(reply);
    what.connection = connection;
    what.transaction = transaction;
    what.executed = executed;
    last_ = what;
    return text_of_all(subject.ops_of(last_, 7));
  }
  /// A command of that transaction; its EXEC was told before.
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
  event what = command_of("SET @a =x");
  what.sequence = 3;
  what.connection = 4;
  what.batch = 5;
  what.database = 6;
  what.sent = moment{100};
  what.done = moment{50};  // never before it was sent
  what.answer = reply_of("ok");
  const auto ops = subject.ops_of(what, 7);
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
  feed one;
  one("WATCH @lock", "ok");
  EXPECT_EQ(one("GET @lock", "text"), "read lock yes");
  one.in(1, "EXEC", "[2]");
  EXPECT_EQ(one.in(1, "DEL @lock", "1"), "compare-remove lock yes");
  EXPECT_EQ(one.in(1, "DEL @other", "1"), "remove other yes");
  EXPECT_EQ(one.in(1, "PEXPIRE @lock 5", "1"), "compare-expire lock yes 5ms");
  EXPECT_EQ(one.in(1, "SET @lock =x", "ok"), "store lock yes if-equal");
  EXPECT_EQ(one("DEL @lock", "1"), "remove lock yes") << "the watch ended with EXEC";
}

TEST(audit_normaliser, TheComparedTokenIsTheOneThatWasRead) {
  feed one;
  one("WATCH @lock", "ok");
  one("GET @lock", "text");
  one.in(1, "EXEC", "[1]");
  event what = command_of("DEL @lock");
  what.answer = reply_of("1");
  what.connection = 1;
  what.transaction = 1;
  const auto ops = one.subject.ops_of(what, 7);
  ASSERT_EQ(ops.size(), 1U);
  EXPECT_EQ(ops[0].value, digest_of_text("text"));
}

TEST(audit_normaliser, OfATransactionThatDidNotRunOnlyTheRefusedComparisonIsLeft) {
  feed one;
  one("WATCH @lock", "ok");
  one("GET @lock", "text");
  one.in(1, "EXEC", "nil");
  EXPECT_EQ(one.in(1, "SET @other =x", "missing", false), "");
  EXPECT_EQ(one.in(1, "DEL @other", "missing", false), "");
  EXPECT_EQ(one.in(1, "DEL @lock", "missing", false), "compare-remove lock no");
}

TEST(audit_normaliser, AWatchEndsWhereTheServerEndsIt) {
  for (const char* const end : {"UNWATCH", "DISCARD", "EXEC", "RESET"}) {
    feed one;
    one("WATCH @lock", "ok");
    one(end, "ok");
    one.in(2, "EXEC", "[1]");
    EXPECT_EQ(one.in(2, "DEL @lock", "1"), "remove lock yes") << end;
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
  for (const script_row& each :
       {script_row{purpose::compare_and_delete, success::one, "1", "compare-remove k yes"},
        script_row{purpose::compare_and_delete, success::one, "0", "compare-remove k no"},
        script_row{purpose::compare_and_expire, success::one, "1", "compare-expire k yes 500ms"},
        script_row{purpose::compare_and_store, success::ok, "ok", "store k yes 500ms if-script"},
        script_row{purpose::acquire, success::null, "nil", "acquire k yes 500ms"},
        script_row{purpose::acquire, success::null, "7", "acquire k no 500ms"},
        script_row{purpose::store, success::unknown, "ok", "store k yes 500ms"},
        script_row{purpose::read, success::unknown, "nil", "read k no"},
        script_row{purpose::del, success::unknown, "1", "remove k yes"},
        script_row{purpose::rate_limit, success::unknown, "0", "change k yes"},
        script_row{purpose::unknown, success::unknown, "1", "opaque k yes"},
        script_row{purpose::acquire, success::null, "error", "acquire k failed 500ms"},
        script_row{purpose::acquire, success::null, "missing", "acquire k unknown 500ms"}}) {
    feed one;
    script_seen body;
    body.script = "s";
    body.does = each.does;
    body.says = each.says;
    body.token_argument = 1;
    body.ttl_argument = 2;
    one.subject.seen(body);
    event what = command_of("EVALSHA =s 1 @k =token 500");
    what.script = "s";
    what.answer = reply_of(each.reply);
    EXPECT_EQ(text_of_all(one.subject.ops_of(what, 7)), each.ops) << each.reply;
    EXPECT_EQ(one.subject.opaque_calls(), 0U);
  }
}

TEST(audit_normaliser, AScriptThatWasNeverSeenIsOpaque) {
  feed one;
  event what = command_of("EVALSHA =s 2 @k @l =token");
  what.script = "s";
  what.answer = reply_of("1");
  EXPECT_EQ(text_of_all(one.subject.ops_of(what, 7)), "opaque k unknown, opaque l unknown");
  EXPECT_EQ(one.subject.script_calls(), 1U);
  EXPECT_EQ(one.subject.opaque_calls(), 1U);
  what.answer.kind = reply_kind::error;
  what.answer.word = "NOSCRIPT";
  EXPECT_TRUE(one.subject.ops_of(what, 7).empty()) << "the server did not run it";
}

}  // namespace
}  // namespace drover::audit
