// SPDX-License-Identifier: MIT
#include "audit/capture/conversation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/listening_for_test.hpp"
#include "audit/capture/record_text.hpp"

namespace drover::audit::conversation_test {
namespace {

using sample::listening;
using lines = std::vector<std::string>;

TEST(audit_conversation, TellsWhatWasAskedAndAnswered) {
  listening to;
  to.ask({"get", "user:42"}, "$-1\r\n");
  to.ask({"SET", "user:42", "abc", "px", "1000", "NX"}, "+OK\r\n");
  to.ask({"GET", "user:42"}, "$3\r\nabc\r\n");
  to.ask({"MGET", "a", "b"}, "*2\r\n$1\r\nx\r\n$-1\r\n");
  to.ask({"INCR", "n"}, ":7\r\n");
  to.ask({"GET", "n", "x"}, "-ERR wrong number of arguments\r\n");
  to.ask({"HGETALL", "h"}, "%1\r\n$1\r\nf\r\n$2\r\nvv\r\n");
  EXPECT_EQ(to.new_lines(),
            (lines{"GET k:user:42 -> null", "SET k:user:42 v3 PX 1000 NX -> +OK",
                   "GET k:user:42 -> $3", "MGET k:a k:b -> *2[$1 null]", "INCR k:n -> :7",
                   "GET k:n v1 -> -ERR", "HGETALL k:h -> *2[$1 $2]"}));
}

TEST(audit_conversation, NumbersAndTimesAndGroupsEvents) {
  listening to;
  to.client("GET a\r\nGET b\r\n").server("+OK\r\n").client("GET c\r\n").server("+OK\r\n+OK\r\n");
  const auto events = to.kept.all_of<event>();
  ASSERT_EQ(events.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(events[i].sequence, i + 1);
  EXPECT_EQ(events[0].batch, events[1].batch);
  EXPECT_NE(events[1].batch, events[2].batch);
  EXPECT_EQ(events[0].sent, moment{1});
  EXPECT_EQ(events[0].done, moment{2});
  EXPECT_EQ(events[2].sent, moment{3});
  EXPECT_EQ(events[1].done, moment{4});
}

TEST(audit_conversation, GivesEqualValuesEqualHashesWhereverTheyStand) {
  listening to;
  const std::string big(100'000, 'x');
  to.ask({"SET", "k", big}, "+OK\r\n");
  to.ask({"GET", "k"}, "$100000\r\n" + big + "\r\n");
  to.ask({"MGET", "k"}, "*1\r\n$100000\r\n" + big + "\r\n");
  to.ask({"SET", "k", "short"}, "+OK\r\n");
  const auto events = to.kept.all_of<event>();
  EXPECT_EQ(events[0].arguments[1].content_digest.length, big.size());
  EXPECT_EQ(events[0].arguments[1].content_digest, events[1].answer.content_digest);
  EXPECT_EQ(events[0].arguments[1].content_digest, events[2].answer.items[0].content_digest);
  EXPECT_EQ(events[0].arguments[1].content_digest, to.subject.digest_of(big));
  EXPECT_NE(events[0].arguments[1].content_digest.hash, events[3].arguments[1].content_digest.hash);
}

TEST(audit_conversation, SkipsWhatIsNoRequestAndReadsInlineCommands) {
  listening to;
  to.client("\r\n*0\r\n  \r\nset a \"b c\"\r\n*1\r\n$4\r\nPING\r\n").server("+OK\r\n+PONG\r\n");
  EXPECT_EQ(to.new_lines(), (lines{"SET k:a v3 -> +OK", "PING -> +PONG"}));
  EXPECT_TRUE(to.talk.is_idle());
}

TEST(audit_conversation, PassesAttributesAndReadsTheReplyBehindThem) {
  listening to;
  to.ask({"GET", "a"}, "|1\r\n+ttl\r\n*2\r\n:1\r\n$3\r\nabc\r\n$2\r\nxy\r\n");
  to.ask({"GET", "a"}, "|0\r\n$2\r\nxy\r\n");
  to.ask({"MGET", "a", "b"}, "*2\r\n|1\r\n+x\r\n:1\r\n:5\r\n_\r\n");
  EXPECT_EQ(to.new_lines(),
            (lines{"GET k:a -> $2", "GET k:a -> $2", "MGET k:a k:b -> *2[:5 null]"}));
}

TEST(audit_conversation, FollowsTheDatabaseAsTheServerDoes) {
  listening to;
  to.client("SELECT 3\r\nGET a\r\nSELECT 99\r\nGET b\r\n");
  to.server("+OK\r\n$-1\r\n-ERR DB index is out of range\r\n$-1\r\n");
  to.client("MULTI\r\nSELECT 5\r\nGET c\r\nEXEC\r\nGET d\r\nRESET\r\nGET e\r\n");
  to.server("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$-1\r\n$-1\r\n+RESET\r\n$-1\r\n");
  EXPECT_EQ(to.new_lines(),
            (lines{"SELECT 3 -> +OK", "GET k:a db3 -> null", "SELECT 99 db3 -> -ERR",
                   "GET k:b db3 -> null", "MULTI db3 tx1 -> +OK", "EXEC db3 tx1 -> *2[+OK null]",
                   "SELECT 5 db3 tx1 -> +OK", "GET k:c db5 tx1 -> null", "GET k:d db5 -> null",
                   "RESET db5 -> +RESET", "GET k:e -> null"}));
}

TEST(audit_conversation, TakesATransactionApart) {
  listening to;
  to.client("WATCH a\r\nMULTI\r\nSET a 1\r\nGET b\r\nHGETALL h\r\nEXEC\r\n");
  to.server("+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
  to.server("*3\r\n+OK\r\n-WRONGTYPE not\r\n*2\r\n$1\r\nf\r\n$2\r\nvv\r\n");
  EXPECT_EQ(to.new_lines(), (lines{"WATCH k:a -> +OK", "MULTI tx1 -> +OK",
                                   "EXEC tx1 -> *3[+OK -WRONGTYPE *2]", "SET k:a v1 tx1 -> +OK",
                                   "GET k:b tx1 -> -WRONGTYPE", "HGETALL k:h tx1 -> *2[$1 $2]"}));
  const auto events = to.kept.all_of<event>();
  EXPECT_EQ(events[3].sent, events[2].sent) << "a queued command has the times of its EXEC";
  EXPECT_EQ(events[3].done, events[2].done);
}

TEST(audit_conversation, TellsTransactionsThatDidNotRun) {
  listening to;
  to.client("MULTI\r\nSET a 1\r\nEXEC\r\n").server("+OK\r\n+QUEUED\r\n*-1\r\n");
  to.client("MULTI\r\nSET a 1\r\nDISCARD\r\n").server("+OK\r\n+QUEUED\r\n+OK\r\n");
  to.client("MULTI\r\nSET a\r\nGET b\r\nEXEC\r\n");
  to.server("+OK\r\n-ERR wrong number\r\n+QUEUED\r\n-EXECABORT Transaction discarded\r\n");
  to.client("MULTI\r\nGET a\r\nRESET\r\nGET a\r\n").server("+OK\r\n+QUEUED\r\n+RESET\r\n:1\r\n");
  to.client("EXEC\r\nMULTI\r\nMULTI\r\n")
      .server("-ERR EXEC without MULTI\r\n+OK\r\n-ERR nested\r\n");
  EXPECT_EQ(
      to.new_lines(),
      (lines{"MULTI tx1 -> +OK", "EXEC tx1 not run -> null", "SET k:a v1 tx1 not run -> missing",
             "MULTI tx2 -> +OK", "DISCARD tx2 not run -> +OK", "SET k:a v1 tx2 not run -> missing",
             "MULTI tx3 -> +OK", "SET k:a tx3 not run -> -ERR", "EXEC tx3 not run -> -EXECABORT",
             "GET k:b tx3 not run -> missing", "MULTI tx4 -> +OK", "GET k:a tx4 not run -> missing",
             "RESET -> +RESET", "GET k:a -> :1", "EXEC -> -ERR", "MULTI tx5 -> +OK",
             "MULTI tx5 not run -> -ERR"}));
}

TEST(audit_conversation, MatchesConfirmationsAndTellsPushesOfResp3) {
  listening to;
  to.ask({"HELLO", "3"}, "%1\r\n+proto\r\n:3\r\n");
  to.client("SUBSCRIBE a b\r\nGET k\r\n");
  to.server(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
  to.server(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$6\r\nsecret\r\n");
  to.server(">3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n:1\r\n");
  to.server(">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n");
  to.server(">2\r\n+invalidate\r\n_\r\n");
  to.client("UNSUBSCRIBE\r\nPING\r\n");
  to.server(">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n");
  to.server(">3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n+PONG\r\n");
  to.client("UNSUBSCRIBE\r\n").server(">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n");
  EXPECT_EQ(
      to.new_lines(),
      (lines{"HELLO 3 -> *2[+ :3]", "push message a", "SUBSCRIBE v1 v1 -> *3[$9 $1 :2]",
             "GET k:k -> *3[$7 $1 :1]", "push invalidate x y", "push invalidate",
             "UNSUBSCRIBE -> *3[$11 $1 :0]", "PING -> +PONG", "UNSUBSCRIBE -> *3[$11 null :0]"}));
  EXPECT_FALSE(to.talk.is_blind());
}

TEST(audit_conversation, MatchesSubscribeModeOfResp2) {
  listening to;
  to.client("PSUBSCRIBE a* b*\r\n");
  to.server("*3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:1\r\n*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n");
  to.server("$2\r\nab\r\n$1\r\nx\r\n*3\r\n$10\r\npsubscribe\r\n$2\r\nb*\r\n:2\r\n");
  to.client("SUBSCRIBE c\r\nPING\r\nGET a\r\n");
  to.server("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:3\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n-ERR no\r\n");
  to.server("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n");
  to.client("PUNSUBSCRIBE\r\nUNSUBSCRIBE c\r\n");
  to.server("*3\r\n$12\r\npunsubscribe\r\n$2\r\na*\r\n:2\r\n");
  to.server("*3\r\n$12\r\npunsubscribe\r\n$2\r\nb*\r\n:1\r\n");
  to.server("*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n");
  to.ask({"LRANGE", "l", "0", "1"}, "*2\r\n$7\r\nmessage\r\n$1\r\na\r\n");
  EXPECT_EQ(to.new_lines(),
            (lines{"push pmessage ab", "PSUBSCRIBE v2 v2 -> *3[$10 $2 :2]",
                   "SUBSCRIBE v1 -> *3[$9 $1 :3]", "PING -> *2[$4 $0]", "GET k:a -> -ERR",
                   "push invalidate k", "PUNSUBSCRIBE -> *3[$12 $2 :1]",
                   "UNSUBSCRIBE v1 -> *3[$11 $1 :0]", "LRANGE k:l 0 1 -> *2[$7 $1]"}));
}

TEST(audit_conversation, AcceptsARefusedSubscriptionAndOneThatEndsByItself) {
  listening to;
  to.client("SSUBSCRIBE a b\r\n").server("-CROSSSLOT Keys\r\n");
  to.client("SSUBSCRIBE a\r\n").server("*3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:1\r\n");
  to.server("*3\r\n$12\r\nsunsubscribe\r\n$1\r\na\r\n:0\r\n");
  to.ask({"GET", "a"}, "$-1\r\n");
  EXPECT_EQ(to.new_lines(),
            (lines{"SSUBSCRIBE v1 v1 -> -CROSSSLOT", "SSUBSCRIBE v1 -> *3[$10 $1 :1]",
                   "push sunsubscribe a", "GET k:a -> null"}));
}

TEST(audit_conversation, KnowsWhichCommandsGetNoReply) {
  listening to;
  to.client("CLIENT REPLY OFF\r\nSET a 1\r\nSELECT 2\r\nCLIENT REPLY ON\r\nGET a\r\n");
  to.server("+OK\r\n$1\r\n1\r\n");
  to.client("CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\n").server("$1\r\n1\r\n");
  to.client("GET a\r\nCLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\n").server("$1\r\n1\r\n:5\r\n");
  to.client("CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nGET a\r\nRESET\r\nGET a\r\n");
  to.server("+RESET\r\n$-1\r\n");
  EXPECT_EQ(
      to.new_lines(),
      (lines{"CLIENT REPLY OFF -> missing", "SET k:a v1 -> missing", "SELECT 2 -> missing",
             "CLIENT REPLY ON db2 -> +OK", "GET k:a db2 -> $1", "CLIENT REPLY SKIP db2 -> missing",
             "SET k:a v1 db2 -> missing", "GET k:a db2 -> $1", "GET k:a db2 -> $1",
             "CLIENT REPLY SKIP db2 -> missing", "SET k:a v1 db2 -> missing", "GET k:a db2 -> :5",
             "CLIENT REPLY OFF db2 -> missing", "CLIENT REPLY SKIP db2 -> missing",
             "GET k:a db2 -> missing", "RESET db2 -> +RESET", "GET k:a -> null"}));
}

TEST(audit_conversation, LearnsNamesOnceTheyAreAccepted) {
  listening to;
  to.ask({"CLIENT", "SETNAME", "worker"}, "+OK\r\n");
  to.ask({"CLIENT", "SETINFO", "lib-name", "redis-py"}, "+OK\r\n");
  to.ask({"CLIENT", "SETNAME", "refused name"}, "-ERR no spaces\r\n");
  to.ask({"HELLO", "3", "AUTH", "SETNAME", "pw", "SETNAME", "other"}, "%0\r\n");
  to.ask({"HELLO", "2"}, "*0\r\n");
  EXPECT_EQ(to.new_lines(), (lines{"name worker//", "CLIENT SETNAME v6 -> +OK",
                                   "name worker/redis-py/", "CLIENT SETINFO LIB-NAME v8 -> +OK",
                                   "CLIENT SETNAME v12 -> -ERR", "name other/redis-py/",
                                   "HELLO 3 AUTH v0 v0 SETNAME v5 -> *0", "HELLO 2 -> *0"}));
}

// Clients send CLIENT SETINFO right after they have connected. Servers before 7.2 do not know it.
TEST(audit_conversation, LearnsTheLibraryFromAPipelineWhateverTheServerSays) {
  for (const char* reply : {"+OK\r\n", "-ERR unknown subcommand\r\n"}) {
    listening to;
    to.client("CLIENT SETINFO LIB-NAME node-redis\r\nCLIENT SETINFO LIB-VER 4.7.0\r\n");
    to.server(reply).server(reply);
    const lines records = to.new_lines();
    EXPECT_EQ(std::ranges::count(records, "name /node-redis/"), 1) << reply;
    EXPECT_EQ(std::ranges::count(records, "name /node-redis/4.7.0"), 1) << reply;
  }
}

TEST(audit_conversation, GoesBlindWhereNobodyCanFollowAndCountsOn) {
  listening to;
  to.client("GET a\r\nMONITOR\r\n").server("$-1\r\n+OK\r\n+1 [0 x] \"get\" \"a\"\r\n");
  to.client("RESET\r\n").close();
  EXPECT_EQ(to.new_lines(), (lines{"GET k:a -> null", "MONITOR -> +OK", "lost: MONITOR",
                                   "lost: MONITOR, bytes 27", "close"}));

  listening other;
  other.client("REPLCONF x 1\r\n").server("+OK\r\n").client("PSYNC ? -1\r\n");
  other.server("+FULLRESYNC x 0\r\n$5\r\nabcde").close();
  EXPECT_EQ(other.new_lines(), (lines{"REPLCONF v1 v1 -> +OK", "PSYNC v1 v2 -> missing",
                                      "lost: PSYNC", "lost: PSYNC, bytes 26", "close"}));

  listening refused;
  refused.client("MONITOR\r\nGET a\r\n").server("-NOPERM this user\r\n$-1\r\n");
  EXPECT_EQ(refused.new_lines(), (lines{"MONITOR -> -NOPERM", "GET k:a -> null"}));
}

TEST(audit_conversation, GoesBlindOnGarbageAndKeepsWhatWaited) {
  listening client;
  client.client("GET a\r\n*2\r\n:1\r\n$1\r\na\r\n").server("$-1\r\n").close();
  EXPECT_EQ(
      client.new_lines(),
      (lines{"GET k:a -> missing", "lost: the client's bytes: an argument does not begin with $",
             "lost: the client's bytes: an argument does not begin with $, bytes 16", "close"}));

  listening server;
  server.client("GET a\r\nGET b\r\n").server(":1\r\n?what\r\n");
  EXPECT_EQ(server.new_lines()[2],
            "lost: the server's bytes: a value begins with a byte that is no RESP type");

  listening surprised;
  surprised.server("-ERR max number of clients reached\r\n");
  EXPECT_EQ(surprised.new_lines(), (lines{"lost: a reply arrived without a request"}));
}

TEST(audit_conversation, EndsWithWhatWasNotAnswered) {
  listening to;
  to.client("MULTI\r\nSET a 1\r\nBLPOP q 0\r\nGET").server("+OK\r\n+QUEUED\r\n").close();
  EXPECT_EQ(to.new_lines(), (lines{"MULTI tx1 -> +OK", "SET k:a v1 tx1 not run -> missing",
                                   "BLPOP k:q 0 -> missing", "close"}));
}

TEST(audit_conversation, LeavesOutEventsForWhichThereIsNoRoomAndSaysSo) {
  listening to{{.hash_key = {1, 2}, .waiting_bytes_max = 2 * sizeof(record) + 300}};
  to.client("GET a\r\nGET b\r\nGET c\r\nGET d\r\n").server(":1\r\n:2\r\n:3\r\n:4\r\n");
  to.client("GET e\r\n").server(":5\r\n");
  EXPECT_EQ(to.new_lines(),
            (lines{"GET k:a -> :1", "GET k:b -> :2",
                   "lost: too many commands waited for replies, events 2", "GET k:e -> :5"}));
}

TEST(audit_conversation, HidesNamesOfKeysIfAsked) {
  listening to{{.hash_key = {1, 2}, .hide_keys = true}};
  to.ask({"GET", "secret:key"}, "$-1\r\n");
  to.server(">2\r\n$10\r\ninvalidate\r\n*1\r\n$10\r\nsecret:key\r\n");
  const std::string name = to.subject.recorded_name("secret:key");
  EXPECT_EQ(name.size(), 33U);
  EXPECT_EQ(to.subject.recorded_name("user:1").substr(0, 17),
            to.subject.recorded_name("user:23").substr(0, 17));
  EXPECT_NE(to.subject.recorded_name("user:1"), to.subject.recorded_name("user:23"));
  EXPECT_EQ(to.new_lines(), (lines{"GET k:" + name + " -> null", "push invalidate " + name}));
}

TEST(audit_conversation, HiddenNamesOfALockAndItsValueHaveOnePlace) {
  const listening to{{.hash_key = {1, 2}, .hide_keys = true}};
  const std::string value = to.subject.recorded_name("user:1");
  const std::string lock = to.subject.recorded_name("lock:user:1");
  EXPECT_NE(value, lock);
  EXPECT_EQ(place_of(value, true), place_of(lock, true));
  EXPECT_NE(place_of(value, true), place_of(to.subject.recorded_name("user:2"), true));
  EXPECT_NE(value.substr(25), to.subject.recorded_name("user:1:meta").substr(25));
}

TEST(audit_conversation, CutsLongNamesAndKeepsThemApart) {
  listening to;
  const std::string name(2000, 'k');
  to.ask({"GET", name + "a"}, "$-1\r\n").ask({"GET", name + "b"}, "$-1\r\n");
  const auto events = to.kept.all_of<event>();
  EXPECT_EQ(events[0].arguments[0].text.size(), 512U);
  EXPECT_NE(events[0].arguments[0].text, events[1].arguments[0].text);
  EXPECT_EQ(events[0].arguments[0].text, to.subject.recorded_name(name + "a"));
  EXPECT_EQ(events[0].arguments[0].content_digest.length, 2001U);
}

TEST(audit_conversation, KeepsAtMostSoManyArgumentsAndItems) {
  listening to;
  std::vector<std::string_view> command{"MGET"};
  std::string answer = "*5000\r\n";
  for (int i = 0; i < 5000; ++i) {
    command.emplace_back("key");
    answer += "$-1\r\n";
  }
  to.ask(command, answer);
  const event recorded = to.kept.all_of<event>().at(0);
  EXPECT_EQ(recorded.arguments.size(), event::arguments_max);
  EXPECT_EQ(recorded.argument_count, 5000U);
  EXPECT_EQ(recorded.answer.items.size(), reply::items_max);
  EXPECT_EQ(recorded.answer.integer, 5000);
}

TEST(audit_conversation, KeepsNoNameThatIsNoCommand) {
  listening to;
  to.ask({"MY.MODULE", "k", "v"}, "+OK\r\n");
  to.ask({"hunter2", "x"}, "-ERR unknown command 'hunter2'\r\n");
  to.ask({"myPassword"}, "-ERR unknown command 'myPassword'\r\n");
  to.ask({"DELEX", "k", "IFEQ", "t"}, "-ERR unknown command 'DELEX'\r\n");
  EXPECT_EQ(to.new_lines(), (lines{"MY.MODULE v1 v1 -> +OK", " v1 -> -ERR", " -> -ERR",
                                   "DELEX k:k IFEQ v1 -> -ERR"}));
}

class noting final : public conversation_listener {
 public:
  void request_ended(const event& command, std::size_t upto) override {
    calls.push_back("asked " + command.command + " upto " + std::to_string(upto));
  }
  void reply_ended(const event& command, std::size_t upto) override {
    calls.push_back(sample::text_of(command) + " upto " + std::to_string(upto));
  }
  lines calls;
};

TEST(audit_conversation, TellsAListenerWhereThingsEnd) {
  sample::kept_records kept;
  capture subject{{}, kept};
  noting listener;
  conversation talk{subject, {}, &listener};
  talk.client_sent("GET a\r\nGET b\r\nGE", moment{1});
  talk.server_sent("$-1\r\n$1", moment{2});
  talk.server_sent("\r\nx\r\n", moment{3});
  EXPECT_EQ(listener.calls, (lines{"asked GET upto 7", "asked GET upto 14",
                                   "GET k:a -> null upto 5", "GET k:b -> $1 upto 5"}));
}

}  // namespace
}  // namespace drover::audit::conversation_test
