// SPDX-License-Identifier: MIT
// What a simulated world relies on: slicing, the order of pushes, restarts, pauses and copies. The
// replies themselves are compared with real servers in test/integration/redis_model_test.cpp.
#include "world/redis_model.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "lease/commands.hpp"
#include "resp/writer.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

constexpr microseconds now{1'700'000'000'000'000};

std::string request(std::initializer_list<std::string_view> words) {
  std::string bytes;
  resp::write_command(bytes, words);
  return bytes;
}

std::string ask(connection sender, std::initializer_list<std::string_view> words,
                microseconds at = now) {
  sender.receive(request(words), at);
  return sender.take_output();
}

/// A connection as the library sets it up.
connection greeted(redis_model& server) {
  connection added = server.connect();
  ask(added, {"HELLO", "3"});
  ask(added, {"CLIENT", "TRACKING", "ON", "OPTIN", "NOLOOP"});
  std::string load;
  lease::write_load_scripts(load);
  added.receive(load, now);
  static_cast<void>(added.take_output());
  return added;
}

void track(connection reader, std::string_view key) {
  ask(reader, {"CLIENT", "CACHING", "YES"});
  ask(reader, {"GET", key});
}

std::string change_of(std::string_view key) {
  std::string push = ">2\r\n$10\r\ninvalidate\r\n*1\r\n";
  resp::write_argument(push, key);
  return push;
}

constexpr std::string_view change_of_all = ">2\r\n$10\r\ninvalidate\r\n_\r\n";

TEST(redis_model, AnswersTheSameForEverySlicing) {
  std::string bytes = request({"HELLO", "3"}) + request({"SET", "k", "two\r\nlines", "PX", "50"}) +
                      request({"GET", "k"}) + "PING inline\r\n" +
                      request({"CLIENT", "TRACKING", "ON"}) + request({"GET", "k"}) +
                      request({"SET", "k", ""}) + request({"GET", "k"});
  redis_model whole;
  connection whole_connection = whole.connect();
  whole_connection.receive(bytes, now);
  const std::string expected = whole_connection.take_output();
  ASSERT_NE(expected.find(change_of("k")), std::string::npos);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    redis_model cut;
    connection cut_connection = cut.connect();
    cut_connection.receive(std::string_view{bytes}.substr(0, first), now);
    cut_connection.receive(std::string_view{bytes}.substr(first), now);
    ASSERT_EQ(cut_connection.take_output(), expected) << "cut at " << first;
  }
  redis_model cut;
  connection cut_connection = cut.connect();
  for (const char byte : bytes) cut_connection.receive({&byte, 1}, now);
  EXPECT_EQ(cut_connection.take_output(), expected);
}

TEST(redis_model, TellsOthersAtOnceAndItselfAfterTheReply) {
  redis_model server;
  connection writer = greeted(server);
  connection reader = greeted(server);
  ask(writer, {"CLIENT", "TRACKING", "ON", "OPTIN"});
  track(writer, "k");
  track(reader, "k");
  writer.receive(request({"SET", "k", "1"}) + request({"PING"}), now);
  EXPECT_EQ(writer.take_output(), "+OK\r\n" + change_of("k") + "+PONG\r\n");
  EXPECT_EQ(reader.take_output(), change_of("k"));
}

TEST(redis_model, TellsAReaderOnlyOnce) {
  redis_model server;
  connection writer = greeted(server);
  connection reader = greeted(server);
  track(reader, "k");
  ask(writer, {"SET", "k", "1"});
  ask(writer, {"SET", "k", "2"});
  EXPECT_EQ(reader.take_output(), change_of("k"));
  ask(reader, {"GET", "k"});
  ask(writer, {"SET", "k", "3"});
  EXPECT_EQ(reader.take_output(), "") << "a plain GET does not track";
}

TEST(redis_model, CachingIsForTheNextCommandOnly) {
  redis_model server;
  connection reader = greeted(server);
  ask(reader, {"CLIENT", "CACHING", "YES"});
  ask(reader, {"PING"});
  ask(reader, {"GET", "k"});
  server.evict("k");
  ask(reader, {"CLIENT", "CACHING", "YES"});
  ask(reader, {"CLIENT", "ID"});
  ask(reader, {"GET", "tracked"});
  connection writer = greeted(server);
  ask(writer, {"SET", "k", "1"});
  ask(writer, {"SET", "tracked", "1"});
  EXPECT_EQ(reader.take_output(), change_of("tracked"));
}

TEST(redis_model, NoLoopForgetsAtOwnWrites) {
  redis_model server;
  connection reader = greeted(server);
  connection writer = greeted(server);
  track(reader, "k");
  EXPECT_EQ(ask(reader, {"SET", "k", "1"}), "+OK\r\n");
  ask(writer, {"SET", "k", "2"});
  EXPECT_EQ(reader.take_output(), "");
}

TEST(redis_model, AScriptThatWritesTracksAgain) {
  redis_model server;
  connection holder = greeted(server);
  connection writer = greeted(server);
  entry::token attempt = entry::token::from(std::string(16, 'a'));
  std::string bytes;
  lease::write_lease(
      bytes, {.value_key = "k", .attempt = attempt, .lease_ttl = 1s, .pending_ttl = 1min}, true);
  holder.receive(bytes, now);
  EXPECT_EQ(holder.take_output(), "+OK\r\n*4\r\n:1\r\n:1700000000000\r\n:0\r\n$0\r\n\r\n");
  ask(writer, {"UNLINK", "k"});
  EXPECT_EQ(holder.take_output(), change_of("k"));
}

TEST(redis_model, MessagesOfOnesOwnGoBeforeOrAfterTheReply) {
  const std::string message = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
  for (const auto family : {server_family::redis_7_0, server_family::redis_8_0}) {
    redis_model server{{.family = family}};
    connection reader = greeted(server);
    ask(reader, {"SUBSCRIBE", "c"});
    const std::string reply = ask(reader, {"PUBLISH", "c", "m"});
    EXPECT_EQ(reply, family == server_family::redis_7_0 ? message + ":1\r\n" : ":1\r\n" + message);
  }
}

// Found by comparing lists of requests with Redis 8.0 and Valkey 8.1.
TEST(redis_model, MessagesOfOnesOwnGoBeforeOnesOwnChanges) {
  redis_model server{{.family = server_family::redis_8_0}};
  connection holder = greeted(server);
  ask(holder, {"SUBSCRIBE", "c"});
  ask(holder, {"CLIENT", "TRACKING", "OFF"});
  ask(holder, {"CLIENT", "TRACKING", "ON"});
  const entry::token attempt = entry::token::from(std::string(16, 'a'));
  std::string bytes;
  lease::write_lease(
      bytes,
      {.value_key = "k", .attempt = attempt, .lease_ttl = 1s, .pending_ttl = 1min, .notify = true},
      false);
  holder.receive(bytes, now);
  static_cast<void>(holder.take_output());
  ask(holder, {"GET", "k"});
  bytes.clear();
  lease::write_failure(bytes, {.value_key = "k",
                               .held = attempt,
                               .pause = 1s,
                               .key_ttl = 1min,
                               .text = {},
                               .wake_channel = "c"});
  holder.receive(bytes, now);
  EXPECT_EQ(holder.take_output(),
            ":1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$7\r\nfailure\r\n" + change_of("k"));
}

TEST(redis_model, TellsOfEvictionsAndFlushes) {
  redis_model server;
  connection reader = greeted(server);
  connection writer = greeted(server);
  ask(writer, {"SET", "k", "1"});
  track(reader, "k");
  EXPECT_TRUE(server.evict("k"));
  EXPECT_EQ(reader.take_output(), change_of("k"));
  EXPECT_FALSE(server.evict("k"));
  EXPECT_EQ(ask(writer, {"FLUSHALL"}), "+OK\r\n" + std::string{change_of_all});
  EXPECT_EQ(reader.take_output(), change_of_all);
}

TEST(redis_model, RemovesKeysOneMillisecondAfterTheirEnd) {
  redis_model server;
  connection reader = greeted(server);
  connection writer = greeted(server);
  ask(writer, {"SET", "k", "1", "PX", "5"});
  track(reader, "k");
  EXPECT_EQ(ask(writer, {"GET", "k"}, now + 5ms), "$1\r\n1\r\n");
  EXPECT_EQ(reader.take_output(), "");
  EXPECT_EQ(ask(writer, {"GET", "k"}, now + 6ms), "_\r\n");
  EXPECT_EQ(reader.take_output(), change_of("k"));
}

TEST(redis_model, RemovesKeysWithoutAccessWhenToldTo) {
  redis_model server;
  connection reader = greeted(server);
  ask(reader, {"SET", "k", "1", "PX", "5"});
  ask(reader, {"SET", "stays", "1"});
  track(reader, "k");
  server.expire_due(now + 5ms);
  EXPECT_NE(server.find("k"), nullptr);
  server.expire_due(now + 6ms);
  EXPECT_EQ(server.find("k"), nullptr);
  EXPECT_NE(server.find("stays"), nullptr);
  EXPECT_EQ(reader.take_output(), change_of("k"));
}

TEST(redis_model, RestartsWithItsData) {
  redis_model server{{.started = now - 1h}};
  connection old = greeted(server);
  ask(old, {"SET", "k", "1"});
  ask(old, {"SET", "ended", "1", "PX", "5"});
  server.restart(redis_model::data::kept, std::string(40, 'b'), now + 1s);
  EXPECT_FALSE(old.is_open());
  old.receive(request({"GET", "k"}), now + 1s);
  EXPECT_EQ(old.take_output(), "");

  connection fresh = server.connect();
  EXPECT_EQ(fresh.id(), old.id()) << "client ids begin again";
  EXPECT_EQ(ask(fresh, {"GET", "k"}), "$1\r\n1\r\n");
  EXPECT_EQ(ask(fresh, {"EXISTS", "ended"}), ":0\r\n");
  EXPECT_EQ(ask(fresh, {"SCRIPT", "EXISTS", lease::scripts()[0].sha1}), "*1\r\n:0\r\n");
  const std::string info = ask(fresh, {"INFO", "persistence"});
  EXPECT_NE(info.find("rdb_last_load_keys_loaded:1\r\n"), std::string::npos) << info;
  const std::string about = ask(fresh, {"INFO", "server"}, now + 3s);
  EXPECT_NE(about.find("run_id:" + std::string(40, 'b')), std::string::npos) << about;
  EXPECT_NE(about.find("uptime_in_seconds:2\r\n"), std::string::npos) << about;
}

TEST(redis_model, RestartsWithoutItsData) {
  redis_model server;
  connection old = greeted(server);
  ask(old, {"SET", "k", "1"});
  track(old, "k");
  server.restart(redis_model::data::lost, std::string(40, 'b'), now);
  connection fresh = server.connect();
  EXPECT_EQ(ask(fresh, {"GET", "k"}), "$-1\r\n");
  ask(fresh, {"SET", "k", "2"});
  EXPECT_EQ(old.take_output(), "");
  const std::string info = ask(fresh, {"INFO", "persistence"});
  EXPECT_NE(info.find("rdb_last_load_keys_loaded:0\r\n"), std::string::npos) << info;
}

TEST(redis_model, RunsWhatArrivedInAPauseInItsOrder) {
  redis_model server;
  connection reader = greeted(server);
  connection writer = greeted(server);
  server.pause();
  const std::string get = request({"GET", "k"});
  reader.receive(request({"SET", "k", "1"}) + get.substr(0, 3), now);
  writer.receive(request({"SET", "k", "2"}), now);
  reader.receive(get.substr(3), now);
  EXPECT_EQ(reader.take_output() + writer.take_output(), "");
  server.resume(now + 1s);
  EXPECT_EQ(reader.take_output(), "+OK\r\n$1\r\n2\r\n");
  EXPECT_EQ(writer.take_output(), "+OK\r\n");
}

TEST(redis_model, ForgetsAConnectionThatEnds) {
  redis_model server;
  connection reader = greeted(server);
  connection writer = greeted(server);
  ask(reader, {"SUBSCRIBE", "c"});
  const std::string id = std::to_string(reader.id());
  EXPECT_NE(ask(writer, {"CLIENT", "LIST", "ID", id}).find("id=" + id + ' '), std::string::npos);
  EXPECT_EQ(ask(writer, {"CLIENT", "KILL", "ID", id}), ":1\r\n");
  EXPECT_FALSE(reader.is_open());
  EXPECT_EQ(ask(writer, {"CLIENT", "LIST", "ID", id}), "=4\r\ntxt:\r\n");
  EXPECT_EQ(ask(writer, {"PUBLISH", "c", "m"}), ":0\r\n");
  const std::string own = std::to_string(writer.id());
  EXPECT_EQ(ask(writer, {"CLIENT", "KILL", "ID", own}), ":1\r\n");
  EXPECT_FALSE(writer.is_open());
}

TEST(redis_model, ACopyGoesItsOwnWay) {
  redis_model original;
  connection original_connection = greeted(original);
  ask(original_connection, {"SET", "k", "1"});
  redis_model copy = original;
  EXPECT_TRUE(copy.is_like(original));
  connection copy_connection = copy.counterpart_of(original_connection);
  ask(copy_connection, {"SET", "k", "2"});
  EXPECT_FALSE(copy.is_like(original));
  EXPECT_EQ(ask(original_connection, {"GET", "k"}), "$1\r\n1\r\n");
}

}  // namespace
}  // namespace drover::world
