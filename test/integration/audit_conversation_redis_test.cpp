// SPDX-License-Identifier: MIT
// Capture of conversations with a real server: it must expect the server's actual behaviour. After
// each exchange an ECHO must be matched with its own reply, which a hash of both proves.
#include <gtest/gtest.h>

#include <algorithm>

#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/listening_for_test.hpp"
#include "integration/audit_proxy_world.hpp"
#include "support/redis_server.hpp"

namespace drover::test::audit_conversation_redis_test {
namespace {

using audit::event;
using audit::sample::words;
using lines = std::vector<std::string>;

std::string wire(const std::vector<words>& commands) {
  std::string out;
  for (const words& command : commands) resp::write_command(out, command);
  return out;
}

class audit_conversation_redis : public testing::Test {
 protected:
  /// Sends all bytes at once, and captures until no reply is due. Returns the captured lines.
  lines exchange(const std::string& bytes) {
    EXPECT_TRUE(socket_.send(bytes));
    to_.client(bytes);
    while (!to_.talk.is_idle() && !to_.talk.is_blind()) {
      const std::string answer = socket_.read_some();
      if (answer.empty()) {
        ADD_FAILURE() << "waits for a reply that does not come, behind "
                      << testing::PrintToString(to_.new_lines());
        break;
      }
      to_.server(answer);
    }
    lines captured = to_.new_lines();
    captured.erase(std::remove_if(captured.begin(), captured.end(),
                                  [](const std::string& line) { return line.starts_with("lost"); }),
                   captured.end());
    return captured;
  }

  void expect_in_step() {
    ++markers_;
    const std::string marker = "marker " + std::to_string(markers_) + std::string(markers_, '.');
    (void)exchange(wire({{"ECHO", marker}}));
    const event last = to_.kept.all_of<event>().back();
    ASSERT_EQ(last.command, "ECHO");
    ASSERT_EQ(last.arguments.at(0).content_digest, last.answer.content_digest) << markers_;
    ASSERT_FALSE(to_.talk.is_blind());
  }

  redis_server server_;
  plain_socket socket_ =
      plain_socket::connect({.host = {}, .port = 0, .path = server_.socket_path()});
  audit::sample::listening to_;
  std::size_t markers_ = 0;
};

TEST_F(audit_conversation_redis, KnowsWhichCommandsGetNoReply) {
  EXPECT_EQ(exchange(wire({{"CLIENT", "REPLY", "SKIP"}, {"SET", "a", "1"}, {"GET", "a"}})).back(),
            "GET k:a -> $1");
  expect_in_step();
  (void)exchange(wire({{"CLIENT", "REPLY", "OFF"},
                       {"SET", "a", "2"},
                       {"CLIENT", "REPLY", "SKIP"},
                       {"NOSUCH"},
                       {"CLIENT", "REPLY", "ON"}}));
  expect_in_step();
  (void)exchange(wire({{"CLIENT", "REPLY", "OFF"}, {"SELECT", "3"}, {"CLIENT", "REPLY", "ON"}}));
  EXPECT_EQ(exchange(wire({{"DBSIZE"}})).back(), "DBSIZE db3 -> :0");
  (void)exchange(wire({{"CLIENT", "REPLY", "OFF"}, {"RESET"}}));
  expect_in_step();
  (void)exchange(wire({{"CLIENT", "REPLY", "SKIP"}, {"CLIENT", "REPLY", "ON"}}));
  expect_in_step();
  (void)exchange(wire({{"CLIENT", "REPLY", "WHAT"}, {"CLIENT", "REPLY"}}));
  expect_in_step();
  (void)exchange(wire({{"HELLO", "3"}, {"CLIENT", "REPLY", "OFF"}, {"SUBSCRIBE", "a", "b"}}));
  (void)exchange(wire({{"UNSUBSCRIBE"}, {"CLIENT", "REPLY", "ON"}}));
  expect_in_step();
}

TEST_F(audit_conversation_redis, KnowsHowSubscriptionsAreConfirmed) {
  for (const std::string_view protocol : {"2", "3"}) {
    (void)exchange(wire({{"HELLO", protocol}}));
    (void)exchange(wire({{"SUBSCRIBE", "a", "b", "a"}, {"PSUBSCRIBE", "x*", "y*"}, {"PING"}}));
    (void)exchange(wire({{"SSUBSCRIBE", "s"}, {"GET", "a"}, {"UNSUBSCRIBE", "b", "nothing"}}));
    server_.command({"PUBLISH", "a", "hello"});
    server_.command({"PUBLISH", "xa", "hello"});
    server_.command({"SPUBLISH", "s", "hello"});
    const lines captured = exchange(wire({{"UNSUBSCRIBE"}, {"PUNSUBSCRIBE"}, {"SUNSUBSCRIBE"}}));
    EXPECT_EQ(std::count_if(captured.begin(), captured.end(),
                            [](const auto& line) { return line.starts_with("push "); }),
              3)
        << testing::PrintToString(captured);
    expect_in_step();
    (void)exchange(wire({{"UNSUBSCRIBE"}, {"PUNSUBSCRIBE"}, {"UNSUBSCRIBE", "q", "r"}}));
    expect_in_step();
  }
  (void)exchange(wire({{"HELLO", "2"}, {"SUBSCRIBE", "a"}, {"RESET"}}));
  expect_in_step();
}

TEST_F(audit_conversation_redis, FollowsTransactionsToTheirEnds) {
  const lines captured = exchange(wire({{"WATCH", "w"},
                                        {"MULTI"},
                                        {"SET", "a", "1"},
                                        {"LPUSH", "a", "x"},
                                        {"SELECT", "1"},
                                        {"HSET", "h", "f", "v"},
                                        {"HGETALL", "h"},
                                        {"EXEC"}}));
  EXPECT_EQ(captured, (lines{"WATCH k:w -> +OK", "MULTI tx1 -> +OK",
                             "EXEC tx1 -> *5[+OK -WRONGTYPE +OK :1 *2]", "SET k:a v1 tx1 -> +OK",
                             "LPUSH k:a v1 tx1 -> -WRONGTYPE", "SELECT 1 tx1 -> +OK",
                             "HSET k:h v1 v1 db1 tx1 -> :1", "HGETALL k:h db1 tx1 -> *2[$1 $1]"}));
  expect_in_step();
  (void)exchange(wire({{"MULTI"}, {"GET"}, {"GET", "a"}, {"WATCH", "a"}, {"MULTI"}, {"EXEC"}}));
  (void)exchange(wire({{"MULTI"}, {"GET", "a"}, {"DISCARD", "x"}, {"DISCARD"}, {"DISCARD"}}));
  (void)exchange(wire({{"MULTI"}, {"GET", "a"}, {"EXEC", "x"}, {"GET", "b"}, {"EXEC"}}));
  expect_in_step();
  (void)exchange(wire({{"WATCH", "w"}}));
  server_.command({"SET", "w", "1"});
  server_.command({"SELECT", "1"});
  (void)exchange(wire({{"SELECT", "0"}, {"WATCH", "w"}}));
  server_.command({"SET", "w", "2"});
  EXPECT_EQ(exchange(wire({{"MULTI"}, {"GET", "w"}, {"EXEC"}})).back(),
            "GET k:w tx5 not run -> missing");
  expect_in_step();
}

TEST_F(audit_conversation_redis, KeepsInStepOverAllKindsOfRepliesAndRequests) {
  (void)exchange("\r\n*0\r\nSET inline \"a b\"\r\nGET inline\r\n*1\r\n$4\r\nPING\r\n");
  expect_in_step();
  const std::string big(300'000, 'x');
  for (const std::string_view protocol : {"2", "3"}) {
    (void)exchange(wire({{"HELLO", protocol, "SETNAME", "me"}}));
    for (const std::string_view kind :
         {"string", "integer", "double", "null", "array", "set", "map", "attrib", "push",
          "verbatim", "true", "false", "bignum"}) {
      (void)exchange(wire({{"DEBUG", "PROTOCOL", kind}}));
    }
    expect_in_step();
    (void)exchange(wire({{"SET", "big", big}, {"GET", "big"}, {"COMMAND"}, {"COMMAND", "DOCS"}}));
    (void)exchange(wire({{"CLIENT", "TRACKING", "ON", "BCAST"}, {"CLIENT", "LIST"}, {"INFO"}}));
    server_.command({"SET", "changed", "1"});
    (void)exchange(wire({{"EVAL", "return {1,{2,{3}},redis.error_reply('E x')}", "0"}}));
    (void)exchange(wire({{"SCRIPT", "LOAD", "return 1"}, {"NOSUCH", "x"}, {"SUBSCRIBE"}}));
    expect_in_step();
  }
}

TEST_F(audit_conversation_redis, GoesBlindOnMonitor) {
  (void)exchange(wire({{"GET", "a"}, {"MONITOR"}}));
  EXPECT_TRUE(to_.talk.is_blind());
}

}  // namespace
}  // namespace drover::test::audit_conversation_redis_test
