// SPDX-License-Identifier: MIT
// Each kind of fault, alone and combined.
#include "fault/flow/faulty_stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fault/flow/stream_play_for_test.hpp"

namespace drover::faults::faulty_stream_test {
namespace {

using namespace std::chrono_literals;

std::string reply(const char* key) { return stream_play::reply_to(key); }

TEST(faulty_stream, DropsOneReplyAndDeliversTheNextInItsPlace) {
  stream_play play{"drop nth=2"};
  for (const char* key : {"a", "b", "c"}) play.get(key);
  EXPECT_EQ(play.to_client, reply("a") + reply("c"));
  EXPECT_EQ(play.sink.text(), "drop 2");
  EXPECT_EQ(play.sink.events[0].key, "b");
  EXPECT_EQ(play.sink.events[0].command, "GET");
  EXPECT_EQ(play.sink.events[0].is_executed, true);
  EXPECT_NE(play.to_server.find("$1\r\nb\r\n"), std::string::npos);
}

TEST(faulty_stream, DropsARequestThatTheServerNeverGets) {
  stream_play play{"drop nth=2 executed=no"};
  for (const char* key : {"a", "b", "c"}) play.get(key);
  EXPECT_EQ(play.to_client, reply("a") + reply("c"));
  EXPECT_EQ(play.to_server.find("$1\r\nb\r\n"), std::string::npos);
}

TEST(faulty_stream, DuplicatesAReply) {
  stream_play play{"duplicate key=b"};
  for (const char* key : {"a", "b", "c"}) play.get(key);
  EXPECT_EQ(play.to_client, reply("a") + reply("b") + reply("b") + reply("c"));
}

TEST(faulty_stream, DoesNotDuplicateAReplyThatIsTooLargeToKeep) {
  stream_play play{"duplicate"};
  play.client_sends(command_bytes({"GET", "k"}));
  const std::string value(reply_side::duplicate_max, 'v');
  const std::string large = '$' + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  for (std::size_t i = 0; i < large.size(); i += 50'000) {
    play.server_sends(std::string_view{large}.substr(i, 50'000));
  }
  EXPECT_TRUE(play.to_client == large);
  ASSERT_EQ(play.sink.events.size(), 1U);
  EXPECT_EQ(play.sink.events[0].failure, "the reply is larger than 1 MiB");
}

TEST(faulty_stream, AnswersWithAnErrorInOrderAndWithoutTheServer) {
  stream_play play{"error code=OOM command=set"};
  play.client_sends(command_bytes({"GET", "a"}) + command_bytes({"SET", "b", "1"}) +
                    command_bytes({"GET", "c"}));
  EXPECT_EQ(play.to_client, "") << "the reply to the first request comes first";
  play.serve();
  EXPECT_EQ(
      play.to_client,
      reply("a") + "-OOM command not allowed when used memory > 'maxmemory'.\r\n" + reply("c"));
  EXPECT_EQ(play.to_server, command_bytes({"GET", "a"}) + command_bytes({"GET", "c"}));
  EXPECT_EQ(play.sink.events.at(0).is_executed, false);
}

TEST(faulty_stream, ReplacesTheReplyToAnExecutedRequestByAnError) {
  stream_play play{"error text=\"ERR mine\" executed=yes nth=1"};
  play.get("a");
  play.get("b");
  EXPECT_EQ(play.to_client, "-ERR mine\r\n" + reply("b"));
  EXPECT_EQ(play.to_server, command_bytes({"GET", "a"}) + command_bytes({"GET", "b"}));
}

TEST(faulty_stream, CutsAReplyAfterTheGivenByte) {
  for (std::size_t at = 0; at < reply("b").size(); ++at) {
    stream_play play{"cut at=" + std::to_string(at) + " nth=2"};
    for (const char* key : {"a", "b", "c"}) play.get(key);
    EXPECT_EQ(play.to_client, reply("a") + reply("b").substr(0, at));
    EXPECT_EQ(play.sink.text(), "cut 2 at " + std::to_string(at));
    EXPECT_EQ(play.stream().how_it_ends(), ending::by_end);
    EXPECT_TRUE(play.stream().is_delivered());
  }
}

TEST(faulty_stream, CutsAfterAReplyThatIsShorter) {
  stream_play play{"cut at=1000 by=reset"};
  play.get("a");
  EXPECT_EQ(play.to_client, reply("a"));
  EXPECT_EQ(play.stream().how_it_ends(), ending::by_reset);
  EXPECT_EQ(play.sink.text(), "cut 1 at 13");
}

TEST(faulty_stream, CutsAtARandomByteInsideTheReply) {
  std::vector<bool> seen(reply("a").size());
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    stream_play play{"cut", seed};
    play.get("a");
    ASSERT_GE(play.to_client.size(), 1U);
    ASSERT_LT(play.to_client.size(), reply("a").size());
    ASSERT_EQ(play.to_client, reply("a").substr(0, play.to_client.size()));
    seen[play.to_client.size()] = true;
  }
  for (std::size_t at = 1; at < seen.size(); ++at) EXPECT_TRUE(seen[at]) << at;
}

TEST(faulty_stream, RequestsBehindACutAreNotExecuted) {
  stream_play play{"cut at=1 nth=1"};
  play.client_sends(command_bytes({"GET", "a"}) + command_bytes({"SET", "b", "1"}));
  play.serve();
  play.client_sends(command_bytes({"SET", "c", "1"}));
  EXPECT_EQ(play.to_server, command_bytes({"GET", "a"}));
  EXPECT_EQ(play.to_client, "$");
}

TEST(faulty_stream, ResetsBeforeOrAfterTheRequestIsExecuted) {
  stream_play before{"reset nth=2"};
  stream_play after{"reset nth=2 executed=yes"};
  for (stream_play* play : {&before, &after}) {
    play->get("a");
    play->client_sends(command_bytes({"GET", "b"}));
  }
  EXPECT_EQ(before.to_server, command_bytes({"GET", "a"}));
  EXPECT_EQ(before.stream().how_it_ends(), ending::by_reset);
  EXPECT_EQ(after.to_server, command_bytes({"GET", "a"}) + command_bytes({"GET", "b"}));
  EXPECT_EQ(after.stream().how_it_ends(), ending::none) << "the server has not executed it yet";
  after.serve();
  EXPECT_EQ(after.stream().how_it_ends(), ending::by_reset);
  EXPECT_EQ(before.to_client, reply("a"));
  EXPECT_EQ(after.to_client, reply("a"));
}

TEST(faulty_stream, RepliesBeforeAResetAreDeliveredFirst) {
  stream_play play{"reset nth=2"};
  play.client_sends(command_bytes({"GET", "a"}) + command_bytes({"GET", "b"}));
  EXPECT_EQ(play.stream().how_it_ends(), ending::none);
  play.serve();
  EXPECT_EQ(play.to_client, reply("a"));
  EXPECT_EQ(play.stream().how_it_ends(), ending::by_reset);
}

TEST(faulty_stream, AnswersNothingOnAHalfOpenConnection) {
  stream_play play{"half-open nth=2"};
  play.get("a");
  play.get("b");
  play.get("c");
  EXPECT_EQ(play.stream().how_it_ends(), ending::by_silence);
  EXPECT_EQ(play.to_client, reply("a"));
  EXPECT_EQ(play.to_server, command_bytes({"GET", "a"}));
  EXPECT_TRUE(play.stream().wants_client());
}

TEST(faulty_stream, DelaysAReplyAndThoseBehindIt) {
  stream_play play{"delay time=5ms nth=2\ndelay time=2ms key=b"};
  play.now = 100ms;
  for (const char* key : {"a", "b", "c"}) play.get(key);
  EXPECT_EQ(play.to_client, reply("a"));
  EXPECT_EQ(play.stream().next_at(), 107ms);
  play.now = 106999us;
  play.deliver();
  EXPECT_EQ(play.to_client, reply("a"));
  play.now = 107ms;
  play.deliver();
  EXPECT_EQ(play.to_client, reply("a") + reply("b") + reply("c"));
  EXPECT_EQ(play.sink.text(), "delay 2, delay 2");
  EXPECT_EQ(play.sink.events[0].delay, 5ms);
}

TEST(faulty_stream, DelaysAnErrorAndTheBytesBeforeACut) {
  stream_play error{"delay time=5ms\nerror text=E"};
  error.get("a");
  EXPECT_EQ(error.to_client, "");
  error.now = 5ms;
  error.deliver();
  EXPECT_EQ(error.to_client, "-E\r\n");
  stream_play cut{"delay time=5ms\ncut at=2"};
  cut.get("a");
  EXPECT_FALSE(cut.stream().is_delivered());
  cut.now = 5ms;
  cut.deliver();
  EXPECT_EQ(cut.to_client, "$7");
  EXPECT_TRUE(cut.stream().is_delivered());
}

TEST(faulty_stream, DeliversSlicesInOneWriteEach) {
  stream_play play{"slice size=5 pause=0ms nth=1"};
  play.get("a");
  play.get("b");
  EXPECT_EQ(play.writes, (std::vector<std::string>{"$7\r\nv", "alue:", "a\r\n", reply("b")}));
  stream_play paced{"slice pause=1ms"};
  paced.get("a");
  EXPECT_EQ(paced.to_client, "$");
  EXPECT_EQ(paced.stream().next_at(), 1ms);
  for (std::size_t i = 2; i <= reply("a").size(); ++i) {
    paced.now += 1ms;
    paced.deliver();
    EXPECT_EQ(paced.to_client, reply("a").substr(0, i));
  }
}

TEST(faulty_stream, PushesBeforeTheReply) {
  stream_play play{"push key=a\npush bytes=\">1\\r\\n+x\\r\\n\" key=b\ndrop key=b"};
  play.get("a");
  play.get("b");
  EXPECT_EQ(play.to_client,
            ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n" + reply("a") + ">1\r\n+x\r\n");
  stream_play all{"push"};
  all.client_sends(command_bytes({"PING"}));
  all.server_sends("+PONG\r\n");
  EXPECT_EQ(all.to_client, ">2\r\n$10\r\ninvalidate\r\n_\r\n+PONG\r\n");
}

TEST(faulty_stream, PushesOfTheServerAreNoReplies) {
  stream_play play{"drop nth=1"};
  play.client_sends(command_bytes({"GET", "a"}));
  play.server_sends(">1\r\n+p\r\n" + reply("a") + ">1\r\n+q\r\n");
  EXPECT_EQ(play.to_client, ">1\r\n+p\r\n>1\r\n+q\r\n");
}

TEST(faulty_stream, NestedRepliesAndAttributesAreOneReply) {
  stream_play play{"drop nth=1"};
  play.client_sends(command_bytes({"LRANGE", "a", "0", "9"}) + command_bytes({"GET", "b"}));
  play.server_sends("|1\r\n+ttl\r\n:5\r\n*2\r\n*1\r\n$1\r\nx\r\n_\r\n" + reply("b"));
  EXPECT_EQ(play.to_client, reply("b"));
}

TEST(faulty_stream, PassesUnchangedWhenRepliesCannotBeMatched) {
  for (const char* const command : {"SUBSCRIBE", "MONITOR", "PSUBSCRIBE", "SYNC"}) {
    stream_play play{"drop"};
    play.get("a");
    play.client_sends(command_bytes({command, "c"}) + command_bytes({"GET", "b"}));
    play.server_sends("+OK\r\n+OK\r\n" + reply("b"));
    EXPECT_EQ(play.to_client, "+OK\r\n+OK\r\n" + reply("b"));
    ASSERT_EQ(play.sink.reasons.size(), 1U) << command;
    EXPECT_NE(play.sink.reasons[0].find(command), std::string::npos);
  }
  stream_play off{"drop"};
  off.client_sends(command_bytes({"CLIENT", "REPLY", "OFF"}) + command_bytes({"GET", "a"}) +
                   command_bytes({"CLIENT", "REPLY", "ON"}));
  off.server_sends("+OK\r\n");
  EXPECT_EQ(off.to_client, "+OK\r\n");
}

TEST(faulty_stream, LogsNoArgumentOfAnUnknownCommand) {
  stream_play play{"duplicate key=secret\nduplicate command=x.get,*!*"};
  play.client_sends(command_bytes({"x.get", "secret"}) + command_bytes({"s3cr3t!", "a"}));
  ASSERT_EQ(play.sink.requests, 2U);
  play.server_sends("+1\r\n+2\r\n");
  ASSERT_EQ(play.sink.events.size(), 2U);
  EXPECT_EQ(play.sink.events[0].command, "X.GET");
  EXPECT_EQ(play.sink.events[0].key, "");
  EXPECT_EQ(play.sink.events[1].command, "(unknown)");
}

TEST(faulty_stream, LogsNoPathOfAnHttpRequest) {
  stream_play play{"duplicate"};
  play.client_sends("GET /path?token=secret HTTP/1.1\r\n");
  play.server_sends("-ERR wrong number of arguments\r\n");
  ASSERT_EQ(play.sink.events.size(), 1U);
  EXPECT_EQ(play.sink.events.front().command, "GET");
  EXPECT_EQ(play.sink.events.front().key, "");
}

TEST(faulty_stream, PassesUnchangedWhatIsNotResp) {
  stream_play client{"drop"};
  client.client_sends("*1\r\nnonsense\r\nmore");
  client.client_sends("bytes");
  EXPECT_EQ(client.to_server, "*1\r\nnonsense\r\nmorebytes");
  EXPECT_EQ(client.sink.reasons.size(), 1U);
  stream_play server{"drop nth=2"};
  server.client_sends(command_bytes({"GET", "a"}) + command_bytes({"GET", "b"}));
  server.server_sends("?what\r\n");
  server.server_sends("ever");
  EXPECT_EQ(server.to_client, "?what\r\never");
  EXPECT_EQ(server.sink.reasons.size(), 1U);
}

TEST(faulty_stream, DecidesALargeRequestByItsBeginAndPassesItOn) {
  const std::string value(3 * request_side::held_max, 'v');
  const std::string large = command_bytes({"SET", "k", value});
  stream_play executed{"drop key=k"};
  stream_play swallowed{"error code=OOM key=k"};
  for (stream_play* play : {&executed, &swallowed}) {
    for (std::size_t i = 0; i < large.size(); i += 1000) {
      play->client_sends(std::string_view{large}.substr(i, 1000));
    }
    play->client_sends(command_bytes({"GET", "a"}));
  }
  EXPECT_TRUE(executed.to_server == large + command_bytes({"GET", "a"}));
  EXPECT_EQ(swallowed.to_server, command_bytes({"GET", "a"}));
  swallowed.serve();
  EXPECT_EQ(swallowed.to_client.substr(0, 5), "-OOM ");
  EXPECT_TRUE(swallowed.to_client.ends_with(reply("a")));
}

TEST(faulty_stream, StopsReadingFromTheServerWhileMuchIsHeld) {
  stream_play play{"delay time=1s"};
  play.client_sends(command_bytes({"GET", "a"}));
  const std::string half(faulty_stream::outbox_max / 2, 'v');
  play.server_sends("$1000000\r\n" + half);
  EXPECT_TRUE(play.stream().wants_server());
  play.server_sends(half);
  EXPECT_FALSE(play.stream().wants_server());
  play.now = 1s;
  play.deliver();
  EXPECT_TRUE(play.stream().wants_server());
}

TEST(faulty_stream, StopsReadingFromTheClientWhenTooManyFaultsAreOutstanding) {
  stream_play play{"drop"};
  const std::string request = command_bytes({"GET", "a"});
  for (std::size_t i = 0; i < faulty_stream::faulted_max; ++i) {
    EXPECT_TRUE(play.stream().wants_client());
    play.client_sends(request);
  }
  EXPECT_FALSE(play.stream().wants_client());
  play.serve();
  EXPECT_TRUE(play.stream().wants_client());
}

TEST(faulty_stream, DelaysARequestAndAllRequestsBehindIt) {
  stream_play play{"delay time=5ms of=request key=b"};
  play.client_sends(command_bytes({"GET", "a"}) + command_bytes({"GET", "b"}) +
                    command_bytes({"GET", "c"}));
  EXPECT_EQ(play.to_server, command_bytes({"GET", "a"}));
  EXPECT_FALSE(play.stream().is_forwarded());
  EXPECT_EQ(play.stream().next_for_server_at(), 5ms);
  EXPECT_EQ(play.sink.text(), "delay 2");
  EXPECT_EQ(play.sink.events[0].delay, 5ms);
  play.now = 4ms;
  play.forward();
  EXPECT_EQ(play.to_server, command_bytes({"GET", "a"}));
  play.now = 5ms;
  play.forward();
  EXPECT_EQ(play.to_server, command_bytes({"GET", "a"}) + command_bytes({"GET", "b"}) +
                                command_bytes({"GET", "c"}));
  EXPECT_TRUE(play.stream().is_forwarded());
  play.serve();
  EXPECT_EQ(play.to_client, reply("a") + reply("b") + reply("c"));
}

TEST(faulty_stream, DelaysALargeRequestAsAWhole) {
  stream_play play{"delay time=5ms of=request command=set"};
  const std::string set = command_bytes({"SET", "k", std::string(200'000, 'v')});
  for (std::size_t i = 0; i < set.size(); i += 50'000) {
    play.client_sends(std::string_view{set}.substr(i, 50'000));
  }
  play.client_sends(command_bytes({"GET", "k"}));
  EXPECT_EQ(play.to_server, "");
  play.now = 5ms;
  play.forward();
  EXPECT_TRUE(play.to_server == set + command_bytes({"GET", "k"}));
}

TEST(faulty_stream, ReadsNoMoreWhileDelayedRequestsTakeTooMuchRoom) {
  stream_play play{"delay time=5ms of=request"};
  const std::string set = command_bytes({"SET", "k", std::string(50'000, 'v')});
  for (int i = 0; i < 6; ++i) play.client_sends(set);
  EXPECT_FALSE(play.stream().wants_client());
  play.now = 5ms;
  play.forward();
  EXPECT_TRUE(play.stream().wants_client());
}

TEST(faulty_stream, DoesNotDelayARequestThatTheServerNeverGets) {
  stream_play play{"delay time=5ms of=request\nerror code=OOM"};
  play.client_sends(command_bytes({"GET", "a"}));
  EXPECT_EQ(play.to_server, "");
  EXPECT_TRUE(play.stream().is_forwarded());
  EXPECT_EQ(play.sink.text(), "error 1");
}

}  // namespace
}  // namespace drover::faults::faulty_stream_test
