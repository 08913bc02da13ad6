// SPDX-License-Identifier: MIT
#include "connection/handshake.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "resp/reader.hpp"

namespace drover::connection::handshake_test {
namespace {

resp::message message_of(std::string_view bytes) {
  resp::reader reader;
  resp::message out;
  EXPECT_EQ(reader.read(bytes, out).status, resp::reader::status::complete) << bytes;
  return out;
}

const char* const hello =
    "%5\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$2\r\nid\r\n:42\r\n"
    "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";

settings with_extra() {
  settings with;
  with.at.host = "host";
  with.at.password = "secret";
  with.at.database = 3;
  with.on_connect = "*1\r\n$5\r\nEXTRA\r\n";
  with.on_connect_replies = 1;
  return with;
}

std::vector<std::string> good_replies() {
  return {hello,
          "+OK\r\n",
          "$23\r\n# Server\r\nrun_id:abcd\r\n\r\n",
          "$15\r\n# Persistence\r\n\r\n",
          "$12\r\nrole:slave\r\n\r\n",
          "+PONG\r\n",
          "+EXTRA\r\n"};
}

credentials of(const settings& with) {
  return {.user = with.at.user, .password = with.at.password};
}

result<greeting> read(const settings& with, const std::vector<std::string>& bytes) {
  std::vector<resp::message> replies;
  for (const std::string& reply : bytes) replies.push_back(message_of(reply));
  return read_handshake(with, of(with), replies);
}

TEST(handshake, SaysWhoItIsAndReadsWhoAnswers) {
  const settings with = with_extra();
  const handshake_request request = write_handshake(with, of(with));
  EXPECT_EQ(request.replies, 7U);
  EXPECT_NE(request.text.find("AUTH\r\n$7\r\ndefault\r\n$6\r\nsecret"), std::string::npos);
  EXPECT_NE(request.text.find("SELECT\r\n$1\r\n3"), std::string::npos);
  EXPECT_EQ(request.text.substr(request.text.size() - with.on_connect.size()), with.on_connect);
  const auto answer = read(with, good_replies());
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->client_id, 42U);
  EXPECT_EQ(answer->version, "7.0.15");
  EXPECT_EQ(answer->run_id, "abcd");
  EXPECT_EQ(answer->role, "slave");
  ASSERT_EQ(answer->on_connect.size(), 1U);
  EXPECT_EQ(answer->on_connect[0].root().text(), "EXTRA");
}

TEST(handshake, AnotherLoginNamesItsUserAndNoErrorRepeatsIt) {
  EXPECT_EQ(write_login({.password = "secret"}),
            "*3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$6\r\nsecret\r\n");
  EXPECT_EQ(write_login({.user = "alice", .password = "secret"}),
            "*3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$6\r\nsecret\r\n");
  EXPECT_TRUE(read_login(message_of("+OK\r\n")));
  for (const char* text :
       {"WRONGPASS alice secret", "NOPERM alice may not", "ERR invalid password secret", "ERR"}) {
    const auto read_back = read_login(message_of("-" + std::string{text} + "\r\n"));
    ASSERT_FALSE(read_back);
    EXPECT_EQ(read_back.error().code, fault_code::unsupported);
    EXPECT_EQ(read_back.error().text.find("alice"), std::string::npos) << read_back.error().text;
    EXPECT_EQ(read_back.error().text.find("secret"), std::string::npos) << read_back.error().text;
  }
}

TEST(handshake, EachRefusalIsClassedAndSaysWhatToDo) {
  const struct {
    const char* reply;
    fault_code code;
    const char* says;
  } cases[] = {
      {"-ERR unknown command `HELLO`\r\n", fault_code::unsupported, "Redis 7.0.5"},
      {"-NOPROTO sorry\r\n", fault_code::unsupported, "Redis 7.0.5"},
      {"-WRONGPASS invalid username-password pair\r\n", fault_code::unsupported, "password"},
      {"-NOAUTH Authentication required.\r\n", fault_code::unsupported, "password"},
      {"-NOPERM this user\r\n", fault_code::unsupported, "HELLO"},
      {"-LOADING Redis is loading\r\n", fault_code::unreachable, "loading"},
      {"-DENIED Redis is running in protected mode\r\n", fault_code::unsupported, "protected"},
      {"-ERR max number of clients reached\r\n", fault_code::unreachable, "max number"},
      {"+OK\r\n", fault_code::unsupported, "RESP3"},
      {"%1\r\n$4\r\nmode\r\n$7\r\ncluster\r\n", fault_code::unsupported, "cluster mode"},
  };
  for (const auto& test_case : cases) {
    auto replies = good_replies();
    replies[0] = test_case.reply;
    const auto answer = read(with_extra(), replies);
    ASSERT_FALSE(answer) << test_case.reply;
    EXPECT_EQ(answer.error().code, test_case.code) << test_case.reply;
    EXPECT_NE(answer.error().text.find(test_case.says), std::string::npos) << answer.error().text;
    EXPECT_EQ(answer.error().text.find("secret"), std::string::npos);
  }
}

// It answers HELLO and INFO, but no other command.
TEST(handshake, AServerThatLoadsItsDataIsNotReady) {
  auto replies = good_replies();
  replies[5] = "-LOADING Redis is loading the dataset in memory\r\n";
  const auto answer = read(with_extra(), replies);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, fault_code::unreachable);
  EXPECT_NE(answer.error().text.find("loading"), std::string::npos) << answer.error().text;
}

TEST(handshake, ATooOldServerIsRefusedAndTheFaultSaysWhatIsRequired) {
  const auto read_version = [](const std::string& version, server_version version_min) {
    settings with = with_extra();
    with.version_min = version_min;
    auto replies = good_replies();
    replies[0] =
        "%1\r\n$7\r\nversion\r\n$" + std::to_string(version.size()) + "\r\n" + version + "\r\n";
    return read(with, replies);
  };
  for (const char* version : {"6.2.14", "7.0.4", "6.0", "7.0.0"}) {
    const auto refused = read_version(version, oldest_redis);
    ASSERT_FALSE(refused) << version;
    EXPECT_EQ(refused.error().code, fault_code::unsupported) << version;
    EXPECT_NE(refused.error().text.find("Redis 7.0.5 or newer"), std::string::npos)
        << refused.error().text;
    EXPECT_TRUE(read_version(version, {})) << version;
  }
  for (const char* version : {"7.0.5", "7.0.15", "7.2", "8.0.0-rc1", "10.0.0", "df-1.2", ""}) {
    EXPECT_TRUE(read_version(version, oldest_redis)) << version;
  }
}

TEST(handshake, NoErrorTextRepeatsTheUserOrThePassword) {
  settings with = with_extra();
  with.at.user = "alice";
  with.at.password = "S3cret+word";
  const std::string_view texts[] = {
      "ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `alice` `S3cret+word`",
      "ERR bad arguments: 3 auth alice s3cret+word",
      "ERR bad arguments: 3 Auth Alice S3CRET+WORD",
      "ERR no such thing: S3cret+word",
      "ERR no such thing: S3cret%2Bword",
      "ERR no such thing: \\x53\\x33cret\\x2bword",
      "ERR truncated: S3cre",
      "s3cret+word",
      "DENIED alice may not",
      "ERR hello what",
      "LOADING S3cret+word",
  };
  for (const std::string_view text : texts) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
      auto replies = good_replies();
      replies[at] = "-" + std::string{text} + "\r\n";
      const auto answer = read(with, replies);
      ASSERT_FALSE(answer) << text;
      std::string lower = answer.error().text;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      EXPECT_EQ(lower.find("alice"), std::string::npos) << answer.error().text;
      EXPECT_EQ(lower.find("cret"), std::string::npos) << answer.error().text;
      EXPECT_EQ(lower.find("s3cr"), std::string::npos) << answer.error().text;
    }
  }
  auto replies = good_replies();
  replies[0] = "-ERR max number of clients reached\r\n";
  EXPECT_NE(read(with, replies).error().text.find("max number"), std::string::npos);
}

TEST(handshake, TellsWhenTheServerStartedRoundedUp) {
  auto replies = good_replies();
  const std::string info =
      "# Server\r\nrun_id:abcd\r\nserver_time_usec:1700000000987654\r\n"
      "uptime_in_seconds:100\r\n";
  const auto put = [&](const std::string& text) {
    replies[2] = "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    return read(with_extra(), replies);
  };
  const auto answer = put(info);
  ASSERT_TRUE(answer && answer->started && answer->clock);
  EXPECT_EQ(answer->started->time_since_epoch(), milliseconds{1'699'999'901'000});
  EXPECT_EQ(answer->clock->server.time_since_epoch(), milliseconds{1'700'000'000'987});
  for (const char* odd : {"", "run_id:abcd\r\nuptime_in_seconds:100\r\n",
                          "server_time_usec:-5\r\nuptime_in_seconds:1\r\n",
                          "server_time_usec:5000000\r\nuptime_in_seconds:9\r\n",
                          "server_time_usec:5000000\r\nuptime_in_seconds:x\r\n",
                          "server_time_usec:99999999999999999999\r\nuptime_in_seconds:1\r\n"}) {
    const auto without = put(odd);
    ASSERT_TRUE(without) << odd;
    EXPECT_FALSE(without->started) << odd;
  }
}

TEST(handshake, TellsNoStartOfAServerThatHasLoadedNothing) {
  auto replies = good_replies();
  const auto bulk = [](const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  };
  replies[2] = bulk("run_id:abcd\r\nserver_time_usec:1700000000987654\r\nuptime_in_seconds:9\r\n");
  const struct {
    const char* persistence;
    bool is_known;
  } cases[] = {
      {"rdb_last_load_keys_loaded:0\r\naof_enabled:0\r\n", false},
      {"rdb_last_load_keys_loaded:1\r\naof_enabled:0\r\n", true},
      {"rdb_last_load_keys_loaded:0\r\naof_enabled:1\r\n", true},
      {"aof_enabled:0\r\n", true},
      {"", true},
  };
  for (const auto& test_case : cases) {
    replies[3] = bulk(test_case.persistence);
    const auto answer = read(with_extra(), replies);
    ASSERT_TRUE(answer) << test_case.persistence;
    EXPECT_EQ(answer->started.has_value(), test_case.is_known) << test_case.persistence;
    EXPECT_TRUE(answer->clock) << test_case.persistence;
  }
}

TEST(handshake, AnyOtherReplyReplacedByAnythingNeverCrashes) {
  const char* const strange[] = {
      "-ERR no\r\n", "_\r\n",      ":1\r\n",         "*0\r\n",        "%0\r\n",
      "+\r\n",       "$0\r\n\r\n", "-LOADING x\r\n", "-NOPERM x\r\n", "*2\r\n:1\r\n*1\r\n_\r\n"};
  for (std::size_t at = 0; at < good_replies().size(); ++at) {
    for (const char* other : strange) {
      auto replies = good_replies();
      replies[at] = other;
      const auto answer = read(with_extra(), replies);
      const bool loading = std::string_view{other}.substr(0, 8) == "-LOADING";
      const bool is_map = std::string_view{other}.substr(0, 1) == "%";
      if ((at == 0 && !is_map) || loading) {
        EXPECT_FALSE(answer) << at << " " << other;
      }
      if (at >= 2 && !loading) {
        EXPECT_TRUE(answer) << at << " " << other;
      }
    }
  }
}

TEST(handshake, WhatAServerSaidIsShortenedAndPrintable) {
  EXPECT_EQ(connection::quoted("a\r\n\x1b[31mb", {}), "a???[31mb");
  EXPECT_LE(connection::quoted(std::string(10000, 'x'), {}).size(), 130U);
}

}  // namespace
}  // namespace drover::connection::handshake_test
