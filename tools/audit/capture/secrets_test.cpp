// SPDX-License-Identifier: MIT
// Sends marked secrets and values in every place where they can occur, and checks that no mark
// appears in the recording.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/listening_for_test.hpp"
#include "audit/capture/record_text.hpp"

namespace drover::audit::secrets_test {
namespace {

using sample::listening;
using sample::words;

std::string recording_of(const listening& to) {
  std::string out;
  for (const record& item : to.kept.all) append_line(out, item);
  return out;
}

/// Whether the recording contains the mark.
bool holds(const std::string& recording, std::string_view mark) {
  return recording.find(mark) != std::string::npos;
}

TEST(audit_secrets, LeaveNoValueInARecording) {
  const std::vector<words> commands{
      {"SET", "k", "MARKED"},
      {"SET", "k", "v", "EX", "MARKED"},
      {"SET", "k", "v", "MARKED"},
      {"SETEX", "k", "MARKED", "v"},
      {"HSET", "k", "MARKED", "MARKED"},
      {"ZADD", "k", "1", "MARKED"},
      {"LPUSH", "k", "MARKED"},
      {"PUBLISH", "MARKED", "MARKED"},
      {"EVAL", "return 'MARKED'", "1", "k", "MARKED"},
      {"EVALSHA", "MARKED", "0"},
      {"FCALL", "f", "0", "MARKED"},
      {"XADD", "k", "*", "MARKED", "MARKED"},
      {"ECHO", "MARKED"},
      {"PING", "MARKED"},
      {"SORT", "k", "BY", "MARKED"},
      {"GETRANGE", "k", "MARKED", "1"},
      {"UNHEARD.OF", "MARKED"},
      {"CLIENT", "MARKED"},
      {"CLIENT", "KILL", "MARKED"},
      {"SUBSCRIBE"},
      {"MARKED:x"},
      {"MARKED1"},
  };
  listening to;
  for (const words& command : commands) to.ask(command, "$6\r\nMARKED\r\n");
  to.ask({"GET", "k"}, "+MARKED\r\n");
  to.ask({"GET", "k"}, "-MARKED1 MARKED\r\n");
  to.ask({"GET", "k"}, "-ERR MARKED\r\n");
  to.ask({"GET", "k"}, "!10\r\nERR MARKED\r\n");
  to.ask({"GET", "k"}, "=10\r\ntxt:MARKED\r\n");
  to.ask({"GET", "k"}, "(123454321\r\n");
  to.ask({"HGETALL", "k"}, "%1\r\n+MARKED\r\n$6\r\nMARKED\r\n");
  to.ask({"GET", "k"}, "|1\r\n+MARKED\r\n+MARKED\r\n$6\r\nMARKED\r\n");
  to.ask({"MARKED"}, "-ERR unknown command 'MARKED'\r\n");
  to.server(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$6\r\nMARKED\r\n");
  const std::string recording = recording_of(to);
  EXPECT_FALSE(to.talk.is_blind()) << recording;
  EXPECT_FALSE(holds(recording, "MARKED")) << recording;
  EXPECT_FALSE(holds(recording, "123454321"));
}

TEST(audit_secrets, LeaveNoTraceOfAPassword) {
  listening to;
  const std::string hash = [&to] {
    std::string line;
    append_line(line, push_received{});
    event command;
    command.arguments.resize(1);
    command.arguments[0].content_digest = to.subject.digest_of("MARKED");
    line.clear();
    append_line(line, command);
    const std::size_t at = line.find("\"hash\":\"") + 8;
    return line.substr(at, 16);
  }();
  const std::vector<words> commands{
      {"AUTH", "MARKED"},
      {"AUTH", "MARKED", "MARKED"},
      {"auth", "MARKED", "MARKED", "MARKED"},
      {"HELLO", "3", "AUTH", "MARKED", "MARKED"},
      {"HELLO", "3", "AUTH", "MARKED", "MARKED", "SETNAME", "me"},
      {"HELLO", "AUTH", "MARKED", "MARKED"},
      {"ACL", "SETUSER", "MARKED", ">MARKED", "MARKED"},
      {"ACL", "MARKED"},
      {"CONFIG", "SET", "requirepass", "MARKED"},
      {"CONFIG", "SET", "MARKED", "MARKED"},
      {"CONFIG", "MARKED", "MARKED"},
      {"SENTINEL", "SET", "m", "auth-pass", "MARKED"},
      {"MIGRATE", "h", "1", "k", "0", "9", "AUTH", "MARKED"},
      {"MIGRATE", "h", "1", "", "0", "9", "COPY", "AUTH2", "MARKED", "MARKED", "KEYS", "k"},
      {"MIGRATE", "h", "1", "k", "0", "9", "NEW", "AUTH", "MARKED"},
      {"DEBUG", "MARKED", "MARKED"},
      {"MODULE", "LOADEX", "p", "CONFIG", "MARKED", "MARKED"},
  };
  for (const words& command : commands) to.ask(command, "+OK\r\n");
  to.client("AUTH \"MARKED\"\r\n").server("-WRONGPASS MARKED\r\n");
  const std::string recording = recording_of(to);
  EXPECT_FALSE(to.talk.is_blind()) << recording;
  EXPECT_FALSE(holds(recording, "MARKED")) << recording;
  EXPECT_FALSE(holds(recording, hash)) << "not even its hash: " << recording;
}

// Somebody sent HTTP to the server by mistake.
TEST(audit_secrets, LeaveNoTraceOfAnHttpRequest) {
  listening to;
  to.client("GET /path?token=MARKED HTTP/1.1\r\n").server("-ERR wrong number of arguments\r\n");
  to.client("get http://host/MARKED http/1.0\r\n").server("-ERR wrong number of arguments\r\n");
  to.client("DEL /MARKED HTTP/2\r\n").server(":0\r\n");
  to.client("Authorization: Bearer MARKED\r\n").server("-ERR unknown command\r\n");
  const std::string recording = recording_of(to);
  EXPECT_FALSE(to.talk.is_blind()) << recording;
  EXPECT_FALSE(holds(recording, "MARKED")) << recording;
  EXPECT_TRUE(holds(recording, "\"GET\"")) << "the request itself is recorded";
}

TEST(audit_secrets, KeepTheKeysOfOtherInlineCommands) {
  listening to;
  to.client("GET user:1\r\n").server("$-1\r\n");
  to.ask({"MGET", "user:2", "HTTP/1.1"}, "*2\r\n$-1\r\n$-1\r\n");
  const std::string recording = recording_of(to);
  EXPECT_TRUE(holds(recording, "user:1")) << recording;
  EXPECT_TRUE(holds(recording, "user:2")) << recording;
}

TEST(audit_secrets, LeaveNoNameOfAKeyIfNamesAreHidden) {
  listening to{{.hash_key = {1, 2}, .hide_keys = true}};
  to.ask({"MSET", "MARKED", "v", "user:MARKED", "v"}, "+OK\r\n");
  to.ask({"EVAL", "return 1", "1", "MARKED"}, ":1\r\n");
  to.server(">2\r\n$10\r\ninvalidate\r\n*1\r\n$6\r\nMARKED\r\n");
  to.server(">3\r\n$7\r\nmessage\r\n$6\r\nMARKED\r\n$1\r\nx\r\n");
  const std::string recording = recording_of(to);
  EXPECT_FALSE(holds(recording, "MARKED")) << recording;
}

}  // namespace
}  // namespace drover::audit::secrets_test
