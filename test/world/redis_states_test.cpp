// SPDX-License-Identifier: MIT
// The states that a test may put the model of a server into, and what the model refuses to guess.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "lease/commands.hpp"
#include "resp/writer.hpp"
#include "world/redis_model.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

constexpr microseconds now{1'700'000'000'000'000};

class redis_states : public testing::Test {
 protected:
  redis_states() {
    ask({"HELLO", "3"});
    std::string load;
    lease::write_load_scripts(load);
    client_.receive(load, now);
    static_cast<void>(client_.take_output());
  }

  std::string ask(std::initializer_list<std::string_view> words) {
    std::string bytes;
    resp::write_command(bytes, words);
    client_.receive(bytes, now);
    return client_.take_output();
  }
  std::string lease() {
    std::string bytes;
    lease::write_lease(bytes,
                       {.value_key = "k",
                        .attempt = entry::token::from(std::string(16, 'a')),
                        .lease_ttl = 1s,
                        .pending_ttl = 1min},
                       false);
    client_.receive(bytes, now);
    return client_.take_output();
  }

  redis_model server_;
  connection client_ = server_.connect();
};

TEST_F(redis_states, LoadingRefusesDataButNotGreetings) {
  server_.state().is_loading = true;
  const std::string refused = "-LOADING Redis is loading the dataset in memory\r\n";
  EXPECT_EQ(ask({"GET", "k"}), refused);
  EXPECT_EQ(ask({"PING"}), refused);
  EXPECT_EQ(lease(), refused);
  EXPECT_EQ(ask({"SELECT", "0"}), "+OK\r\n");
  EXPECT_TRUE(ask({"HELLO", "3"}).starts_with("%7\r\n"));
  EXPECT_NE(ask({"INFO", "persistence"}).find("loading:1\r\n"), std::string::npos);
  server_.state().is_loading = false;
  EXPECT_EQ(ask({"GET", "k"}), "_\r\n");
}

TEST_F(redis_states, WithoutMemoryItReadsAndRemoves) {
  ask({"SET", "k", "foreign"});
  server_.state().is_out_of_memory = true;
  EXPECT_EQ(ask({"SET", "k", "2"}), "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  EXPECT_TRUE(
      lease().starts_with("-OOM command not allowed when used memory > 'maxmemory'. script: "));
  EXPECT_EQ(ask({"GET", "k"}), "$7\r\nforeign\r\n");
  EXPECT_EQ(ask({"UNLINK", "k"}), ":1\r\n");
}

TEST_F(redis_states, AReplicaRefusesWritesAndKeepsEndedKeys) {
  ask({"SET", "k", "1", "PX", "5"});
  server_.state().is_replica = true;
  EXPECT_EQ(ask({"SET", "k", "2"}), "-READONLY You can't write against a read only replica.\r\n");
  std::string get;
  resp::write_command(get, {"GET", "k"});
  client_.receive(get, now + 6ms);
  EXPECT_EQ(client_.take_output(), "_\r\n");
  EXPECT_NE(server_.find("k"), nullptr);
  EXPECT_NE(ask({"INFO", "replication"}).find("role:slave\r\n"), std::string::npos);
  server_.state().is_cut_off = true;
  EXPECT_TRUE(ask({"GET", "k"}).starts_with("-MASTERDOWN "));
}

TEST_F(redis_states, RefusesCommandsToTheUser) {
  server_.state().refused_commands = {"get", "client|list"};
  EXPECT_EQ(ask({"GET", "k"}), "-NOPERM this user has no permissions to run the 'get' command\r\n");
  EXPECT_EQ(ask({"CLIENT", "LIST", "ID", "1"}),
            "-NOPERM this user has no permissions to run the 'client|list' command\r\n");
  EXPECT_EQ(ask({"GETRANGE", "k", "0", "1"}), "$0\r\n\r\n");
}

TEST_F(redis_states, AfterAFlushOfScriptsItKnowsNone) {
  EXPECT_EQ(ask({"SCRIPT", "FLUSH"}), "+OK\r\n");
  EXPECT_EQ(lease(), "-NOSCRIPT No matching script. Please use EVAL.\r\n");
}

TEST(redis_password, IsNeededBeforeAnythingElse) {
  redis_model server{{.password = "secret"}};
  connection client = server.connect();
  const auto ask = [&](std::initializer_list<std::string_view> words) {
    std::string bytes;
    resp::write_command(bytes, words);
    client.receive(bytes, now);
    return client.take_output();
  };
  EXPECT_EQ(ask({"PING"}), "-NOAUTH Authentication required.\r\n");
  EXPECT_TRUE(ask({"HELLO", "3"}).starts_with("-NOAUTH HELLO must be called"));
  EXPECT_TRUE(ask({"HELLO", "3", "AUTH", "default", "wrong"}).starts_with("-WRONGPASS "));
  EXPECT_TRUE(ask({"HELLO", "3", "AUTH", "default", "secret"}).starts_with("%7\r\n"));
  EXPECT_EQ(ask({"PING"}), "+PONG\r\n");
}

/// The text of the exception, or empty.
template <class Act>
std::string refusal_of(Act act) {
  try {
    act();
    return {};
  } catch (const unsupported_request& why) {
    return why.what();
  }
}

TEST_F(redis_states, NeverGuesses) {
  EXPECT_NE(refusal_of([&] { ask({"LPUSH", "k", "1"}); }).find("lpush"), std::string::npos);
  EXPECT_NE(refusal_of([&] {
              ask({"CLIENT", "NO-TOUCH", "ON"});
            }).find("client|no-touch"),
            std::string::npos);
  EXPECT_NE(refusal_of([&] {
              ask({"SET", "k", "1", "PXAT", "5"});
            }).find("pxat"),
            std::string::npos);
  EXPECT_NE(refusal_of([&] {
              ask({"CLIENT", "TRACKING", "ON", "BCAST"});
            }).find("bcast"),
            std::string::npos);
  EXPECT_NE(refusal_of([&] {
              ask({"EVAL", "return 1", "0"});
            }).find("library's own scripts"),
            std::string::npos);
  EXPECT_NE(refusal_of([&] { client_.receive("*1\r\n:1\r\n", now); }).find("not RESP"),
            std::string::npos);
}

}  // namespace
}  // namespace drover::world
