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

std::string ask(connection of, std::initializer_list<std::string_view> words,
                microseconds at = now) {
  of.receive(request(words), at);
  return of.take_output();
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

void track(connection of, std::string_view key) {
  ask(of, {"CLIENT", "CACHING", "YES"});
  ask(of, {"GET", key});
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
  connection of_whole = whole.connect();
  of_whole.receive(bytes, now);
  const std::string expected = of_whole.take_output();
  ASSERT_NE(expected.find(change_of("k")), std::string::npos);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    redis_model cut;
    connection of_cut = cut.connect();
    of_cut.receive(std::string_view{bytes}.substr(0, first), now);
    of_cut.receive(std::string_view{bytes}.substr(first), now);
    ASSERT_EQ(of_cut.take_output(), expected) << "cut at " << first;
  }
  redis_model cut;
  connection of_cut = cut.connect();
  for (const char byte : bytes) of_cut.receive({&byte, 1}, now);
  EXPECT_EQ(of_cut.take_output(), expected);
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
  connection one = greeted(server);
  connection other = greeted(server);
  track(one, "k");
  EXPECT_EQ(ask(one, {"SET", "k", "1"}), "+OK\r\n");
  ask(other, {"SET", "k", "2"});
  EXPECT_EQ(one.take_output(), "");
}

TEST(redis_model, AScriptThatWritesTracksAgain) {
  redis_model server;
  connection holder = greeted(server);
  connection other = greeted(server);
  entry::token attempt = entry::token::from(std::string(16, 'a'));
  std::string bytes;
  lease::write_lease(
      bytes, {.value_key = "k", .attempt = attempt, .lease_ttl = 1s, .pending_ttl = 1min}, true);
  holder.receive(bytes, now);
  EXPECT_EQ(holder.take_output(), "+OK\r\n*4\r\n:1\r\n:1700000000000\r\n:0\r\n$0\r\n\r\n");
  ask(other, {"UNLINK", "k"});
  EXPECT_EQ(holder.take_output(), change_of("k"));
}

TEST(redis_model, MessagesOfOnesOwnGoBeforeOrAfterTheReply) {
  const std::string message = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
  for (const auto family : {server_family::redis_7_0, server_family::redis_8_0}) {
    redis_model server{{.family = family}};
    connection one = greeted(server);
    ask(one, {"SUBSCRIBE", "c"});
    const std::string reply = ask(one, {"PUBLISH", "c", "m"});
    EXPECT_EQ(reply, family == server_family::redis_7_0 ? message + ":1\r\n" : ":1\r\n" + message);
  }
}

TEST(redis_model, TellsOfEvictionsAndFlushes) {
  redis_model server;
  connection one = greeted(server);
  connection other = greeted(server);
  ask(other, {"SET", "k", "1"});
  track(one, "k");
  EXPECT_TRUE(server.evict("k"));
  EXPECT_EQ(one.take_output(), change_of("k"));
  EXPECT_FALSE(server.evict("k"));
  EXPECT_EQ(ask(other, {"FLUSHALL"}), "+OK\r\n" + std::string{change_of_all});
  EXPECT_EQ(one.take_output(), change_of_all);
}

TEST(redis_model, RemovesKeysOneMillisecondAfterTheirEnd) {
  redis_model server;
  connection one = greeted(server);
  connection other = greeted(server);
  ask(other, {"SET", "k", "1", "PX", "5"});
  track(one, "k");
  EXPECT_EQ(ask(other, {"GET", "k"}, now + 5ms), "$1\r\n1\r\n");
  EXPECT_EQ(one.take_output(), "");
  EXPECT_EQ(ask(other, {"GET", "k"}, now + 6ms), "_\r\n");
  EXPECT_EQ(one.take_output(), change_of("k"));
}

TEST(redis_model, RemovesKeysWithoutAccessWhenToldTo) {
  redis_model server;
  connection one = greeted(server);
  ask(one, {"SET", "k", "1", "PX", "5"});
  ask(one, {"SET", "stays", "1"});
  track(one, "k");
  server.expire_due(now + 5ms);
  EXPECT_NE(server.find("k"), nullptr);
  server.expire_due(now + 6ms);
  EXPECT_EQ(server.find("k"), nullptr);
  EXPECT_NE(server.find("stays"), nullptr);
  EXPECT_EQ(one.take_output(), change_of("k"));
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
  connection one = greeted(server);
  connection other = greeted(server);
  server.pause();
  const std::string get = request({"GET", "k"});
  one.receive(request({"SET", "k", "1"}) + get.substr(0, 3), now);
  other.receive(request({"SET", "k", "2"}), now);
  one.receive(get.substr(3), now);
  EXPECT_EQ(one.take_output() + other.take_output(), "");
  server.resume(now + 1s);
  EXPECT_EQ(one.take_output(), "+OK\r\n$1\r\n2\r\n");
  EXPECT_EQ(other.take_output(), "+OK\r\n");
}

TEST(redis_model, ForgetsAConnectionThatEnds) {
  redis_model server;
  connection one = greeted(server);
  connection other = greeted(server);
  ask(one, {"SUBSCRIBE", "c"});
  const std::string id = std::to_string(one.id());
  EXPECT_NE(ask(other, {"CLIENT", "LIST", "ID", id}).find("id=" + id + ' '), std::string::npos);
  EXPECT_EQ(ask(other, {"CLIENT", "KILL", "ID", id}), ":1\r\n");
  EXPECT_FALSE(one.is_open());
  EXPECT_EQ(ask(other, {"CLIENT", "LIST", "ID", id}), "=4\r\ntxt:\r\n");
  EXPECT_EQ(ask(other, {"PUBLISH", "c", "m"}), ":0\r\n");
  const std::string own = std::to_string(other.id());
  EXPECT_EQ(ask(other, {"CLIENT", "KILL", "ID", own}), ":1\r\n");
  EXPECT_FALSE(other.is_open());
}

TEST(redis_model, ACopyGoesItsOwnWay) {
  redis_model original;
  connection of_original = greeted(original);
  ask(of_original, {"SET", "k", "1"});
  redis_model copy = original;
  EXPECT_TRUE(copy.is_like(original));
  connection of_copy = copy.counterpart_of(of_original);
  ask(of_copy, {"SET", "k", "2"});
  EXPECT_FALSE(copy.is_like(original));
  EXPECT_EQ(ask(of_original, {"GET", "k"}), "$1\r\n1\r\n");
}

}  // namespace
}  // namespace drover::world
