// SPDX-License-Identifier: MIT
#include "connection/handshake.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resp/reader.hpp"

namespace drover::connection {
namespace {

resp::message message_of(std::string_view bytes) {
  resp::reader reader;
  resp::message out;
  EXPECT_EQ(reader.read(bytes, out).how, resp::reader::status::complete) << bytes;
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
          "$12\r\nrole:slave\r\n\r\n",
          "+PONG\r\n",
          "+EXTRA\r\n"};
}

result<greeting> read(const settings& with, const std::vector<std::string>& bytes) {
  std::vector<resp::message> replies;
  for (const std::string& one : bytes) replies.push_back(message_of(one));
  return read_handshake(with, replies);
}

TEST(handshake, SaysWhoItIsAndReadsWhoAnswers) {
  const settings with = with_extra();
  const handshake_request request = write_handshake(with);
  EXPECT_EQ(request.replies, 6U);
  EXPECT_NE(request.text.find("AUTH\r\n$7\r\ndefault\r\n$6\r\nsecret"), std::string::npos);
  EXPECT_NE(request.text.find("SELECT\r\n$1\r\n3"), std::string::npos);
  EXPECT_EQ(request.text.substr(request.text.size() - with.on_connect.size()), with.on_connect);
  const auto said = read(with, good_replies());
  ASSERT_TRUE(said) << said.error().text;
  EXPECT_EQ(said->client_id, 42U);
  EXPECT_EQ(said->version, "7.0.15");
  EXPECT_EQ(said->run_id, "abcd");
  EXPECT_EQ(said->role, "slave");
  ASSERT_EQ(said->on_connect.size(), 1U);
  EXPECT_EQ(said->on_connect[0].root().text(), "EXTRA");
}

TEST(handshake, EachRefusalIsClassedAndSaysWhatToDo) {
  const struct {
    const char* reply;
    fault_code code;
    const char* says;
  } cases[] = {
      {"-ERR unknown command `HELLO`\r\n", fault_code::unsupported, "Redis 6"},
      {"-NOPROTO sorry\r\n", fault_code::unsupported, "Redis 6"},
      {"-WRONGPASS invalid username-password pair\r\n", fault_code::unsupported, "password"},
      {"-NOAUTH Authentication required.\r\n", fault_code::unsupported, "password"},
      {"-NOPERM this user\r\n", fault_code::unsupported, "HELLO"},
      {"-LOADING Redis is loading\r\n", fault_code::unreachable, "loading"},
      {"-ERR max number of clients reached\r\n", fault_code::unreachable, "max number"},
      {"+OK\r\n", fault_code::unsupported, "RESP3"},
      {"%1\r\n$4\r\nmode\r\n$7\r\ncluster\r\n", fault_code::unsupported, "cluster mode"},
  };
  for (const auto& one : cases) {
    auto replies = good_replies();
    replies[0] = one.reply;
    const auto said = read(with_extra(), replies);
    ASSERT_FALSE(said) << one.reply;
    EXPECT_EQ(said.error().code, one.code) << one.reply;
    EXPECT_NE(said.error().text.find(one.says), std::string::npos) << said.error().text;
    EXPECT_EQ(said.error().text.find("secret"), std::string::npos);
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
      const auto said = read(with_extra(), replies);
      const bool loading = std::string_view{other}.substr(0, 8) == "-LOADING";
      const bool is_map = std::string_view{other}.substr(0, 1) == "%";
      if ((at == 0 && !is_map) || loading) {
        EXPECT_FALSE(said) << at << " " << other;
      }
      if (at >= 2 && !loading) {
        EXPECT_TRUE(said) << at << " " << other;
      }
    }
  }
}

TEST(handshake, WhatAServerSaidIsShortenedAndPrintable) {
  EXPECT_EQ(connection::quoted("a\r\n\x1b[31mb"), "a???[31mb");
  EXPECT_LE(connection::quoted(std::string(10000, 'x')).size(), 130U);
}

}  // namespace
}  // namespace drover::connection
