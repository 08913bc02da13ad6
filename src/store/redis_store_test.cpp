// SPDX-License-Identifier: MIT
// The store against a scripted server.
#include "store/redis_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "connection/scripted_server_for_test.hpp"

namespace drover::store::redis_store_test {
namespace {

using namespace std::chrono_literals;
using connection::bulk;
using words = std::vector<std::string>;

constexpr std::string_view key = "t:1.0:v:{=k}";
const std::vector<std::string> keys{std::string{key}};
const entry::token a = entry::token::from("aaaaaaaaaaaaaaaa");

/// Event handlers that count refusals and ignore everything else.
events counting(std::atomic<int>& refusals) {
  return {.up = [](const connection::greeting&) {},
          .down = [](const fault&) {},
          .changed = [](std::string_view) {},
          .everything_changed = [] {},
          .waking = [](wake_mode) {},
          .refused = [&refusals](const fault&) { ++refusals; }};
}

class redis_store_at : public testing::Test {
 protected:
  /// Answers `command` with `wire` from now on. A PING without such an answer is echoed.
  void answer(const std::string& command, const std::string& wire) {
    const std::scoped_lock lock{mutex_};
    answers_[command] = wire;
  }
  /// Nothing can replace the scripts.
  void answer_without_comparisons() {
    answer("TIME", "*2\r\n" + bulk("1700000000") + bulk("0"));
    answer("SET", "-ERR syntax error\r\n");
    answer("WATCH", "-NOPERM no permissions to run the 'watch' command\r\n");
  }
  int count(const std::string& command) {
    const std::scoped_lock lock{mutex_};
    return static_cast<int>(std::count(received_.begin(), received_.end(), command));
  }
  /// The result of a posted request.
  template <class Reply, class Post>
  result<Reply> posted(Post post) {
    auto promise = std::make_shared<std::promise<result<Reply>>>();
    auto future = promise->get_future();
    post([promise](result<Reply> reply) { promise->set_value(std::move(reply)); });
    return future.get();
  }
  result<lease::lease_reply> lease() {
    return posted<lease::lease_reply>([this](auto done) {
      store_.lease({.value_key = key, .attempt = a, .lease_ttl = 1s, .pending_ttl = 1h},
                   std::move(done));
    });
  }

 private:
  void serve(const connection::scripted_peer& peer, const words& arguments) {
    std::string wire = "+OK\r\n";  // the bytes that the server sends first
    {
      const std::scoped_lock lock{mutex_};
      received_.push_back(arguments[0]);
      const auto named = answers_.find(arguments[0]);
      if (named != answers_.end()) {
        wire = named->second;
      } else if (arguments[0] == "PING") {
        wire = bulk(arguments[1]);
      }
    }
    peer.send(wire);
  }
  static connection::settings at(const connection::scripted_server& server) {
    connection::settings with;
    with.at.path = server.path();
    with.connect_max = 20s;  // a busy machine must not look like a fault of the server
    with.silence_max = 20s;
    return with;
  }

  std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  words received_;

 protected:
  connection::scripted_server server_{[this](const connection::scripted_peer& peer,
                                             const words& arguments) { serve(peer, arguments); }};
  std::atomic<int> refusals_{0};
  redis_store store_{at(server_), counting(refusals_)};
};

TEST_F(redis_store_at, AcknowledgesAnInvalidationByTheEchoBehindIt) {
  answer("UNLINK", ":1\r\n");
  EXPECT_TRUE(store_.invalidate(keys));
  EXPECT_EQ(count("PING"), 1);
  EXPECT_TRUE(posted<bool>([&](auto done) { store_.invalidate_later(keys, std::move(done)); }));
  EXPECT_EQ(count("PING"), 2);
}

TEST_F(redis_store_at, TakesNoReplyForAnAcknowledgementWithoutItsEcho) {
  answer("UNLINK", ":1\r\n");
  for (const std::string& wrong : {std::string{":1\r\n"}, bulk("12345678"), bulk(""),
                                   std::string{"_\r\n"}, std::string{"+PONG\r\n"}}) {
    answer("PING", wrong);
    EXPECT_FALSE(store_.invalidate(keys)) << wrong;
    EXPECT_FALSE(posted<bool>([&](auto done) { store_.invalidate_later(keys, std::move(done)); }));
    EXPECT_FALSE(store_.expire(keys, keys, [] { return a; }));
  }
}

TEST_F(redis_store_at, ReportsWhyAnInvalidationWasRefused) {
  answer("UNLINK", "-NOPERM not you\r\n");
  EXPECT_EQ(store_.invalidate(keys).error().code, fault_code::unsupported);
  answer("UNLINK", ":1\r\n");
  answer("PING", "-BUSY a script runs\r\n");
  EXPECT_EQ(store_.invalidate(keys).error().code, fault_code::overloaded);
  EXPECT_EQ(server_.connections(), 1U) << "an error is no other request's reply";
}

TEST_F(redis_store_at, VerifiesAConnectionByAnEcho) {
  EXPECT_TRUE(store_.verify());
  answer("PING", "-BUSY a script runs\r\n");
  EXPECT_FALSE(store_.verify());
  EXPECT_EQ(server_.connections(), 1U);
  answer("PING", bulk("another"));
  EXPECT_FALSE(store_.verify());
}

TEST_F(redis_store_at, BreaksOffAConnectionThatEchoesSomethingElse) {
  answer("PING", bulk("another"));
  EXPECT_FALSE(store_.verify());
  answer("GET", "_\r\n");
  EXPECT_EQ(store_.get(key, {}).ended, connection::exchange_end::replied);
  EXPECT_EQ(server_.connections(), 2U);
}

TEST_F(redis_store_at, BreaksOffAConnectionThatRefusesWritesAsAReplica) {
  answer("EVALSHA", "-READONLY You can't write against a read only replica.\r\n");
  EXPECT_EQ(lease().error().code, fault_code::unreachable);
  answer("GET", "_\r\n");
  // The connection stays usable until the client looks for another server.
  while (server_.connections() < 2) {
    EXPECT_EQ(store_.get(key, {}).ended, connection::exchange_end::replied);
  }
}

TEST_F(redis_store_at, AsksForAnEchoAfterAReplyOfTheWrongShape) {
  answer("EVALSHA", ":1\r\n");
  const auto misshapen = lease();
  ASSERT_FALSE(misshapen);
  EXPECT_EQ(misshapen.error().code, fault_code::corrupt);
  // Requests that the store posts are sent before later ones.
  EXPECT_TRUE(store_.verify());
  EXPECT_EQ(count("PING"), 2);
}

TEST_F(redis_store_at, AsksForAnEchoAfterALookUpOfTheWrongShape) {
  answer("GET", ":1\r\n");
  EXPECT_FALSE(store_.get(key, {}).entry);
  EXPECT_TRUE(store_.verify());
  EXPECT_EQ(count("PING"), 2);
}

TEST_F(redis_store_at, AsksForNoEchoAfterAnErrorOfTheServer) {
  answer("EVALSHA", "-WRONGTYPE not a string\r\n");
  EXPECT_EQ(lease().error().code, fault_code::corrupt);
  answer("GET", "-WRONGTYPE not a string\r\n");
  EXPECT_FALSE(store_.get(key, {}).entry);
  EXPECT_TRUE(store_.verify());
  EXPECT_EQ(count("PING"), 1);
}

TEST_F(redis_store_at, RemembersWhatTheServerRefusesUntilItAnswersThat) {
  answer("GET", "-NOPERM no permissions to run the 'get' command\r\n");
  EXPECT_FALSE(store_.get(key, {}).entry);
  EXPECT_EQ(store_.refused().reason(), "NOPERM no permissions to run the 'get' command");
  EXPECT_EQ(refusals_, 1);
  EXPECT_FALSE(posted<std::optional<std::string>>(
      [&](auto done) { store_.look_up_later(key, std::move(done)); }));
  EXPECT_EQ(refusals_, 2);
  answer("GET", "_\r\n");
  EXPECT_TRUE(store_.get(key, {}).entry);
  EXPECT_FALSE(store_.refused().is_any());

  answer_without_comparisons();
  answer("EVALSHA", "-NOPERM no permissions to run the 'evalsha' command\r\n");
  EXPECT_FALSE(lease());
  EXPECT_TRUE(store_.get(key, {}).entry);
  EXPECT_EQ(store_.refused().reason(), "NOPERM no permissions to run the 'evalsha' command");
  EXPECT_EQ(refusals_, 4) << "that there are no leases, and why";
  EXPECT_EQ(count("DISCARD"), 1) << "of the MULTI after the refused WATCH";
}

TEST_F(redis_store_at, TakesNothingElseForARefusal) {
  answer("EVALSHA", "-ERR unknown command 'EVALSHA'\r\n");
  answer("CLIENT", "-NOPERM no permissions to run the 'client|list' command\r\n");
  answer("UNLINK", "-NOPERM no permissions to run the 'unlink' command\r\n");
  answer("GET", "-WRONGTYPE not a string\r\n");
  EXPECT_FALSE(lease());
  EXPECT_FALSE(store_.get(key, {}).entry);
  EXPECT_FALSE(posted<std::vector<std::uint64_t>>([&](auto done) {
    const std::uint64_t id = 1;
    store_.holders({&id, 1}, std::move(done));
  }));
  EXPECT_FALSE(posted<bool>([&](auto done) { store_.invalidate_later(keys, std::move(done)); }));
  EXPECT_FALSE(store_.refused().is_any());
  EXPECT_EQ(refusals_, 0);
}

TEST_F(redis_store_at, NotesThatScriptsMayNotBeLoadedWhenOneIsMissing) {
  answer("SCRIPT", "-NOPERM no permissions to run the 'script|load' command\r\n");
  answer("GET", "_\r\n");
  EXPECT_TRUE(store_.get(key, {}).entry);
  EXPECT_FALSE(store_.refused().is_any()) << "another client may have loaded them";
  answer("EVALSHA", "-NOSCRIPT No matching script\r\n");
  answer_without_comparisons();
  EXPECT_FALSE(lease());
  EXPECT_EQ(store_.refused().reason(), "NOPERM no permissions to run the 'script|load' command");
  EXPECT_EQ(refusals_, 2) << "that there are no leases, and why";
  answer("SCRIPT", "+OK\r\n");
  store_.channel().distrust(store_.channel().epoch(), {fault_code::corrupt, "to connect anew"});
  EXPECT_TRUE(store_.get(key, {}).entry);
  EXPECT_EQ(server_.connections(), 3U) << "one was for transactions";
  EXPECT_FALSE(store_.refused().is_any());
}

TEST_F(redis_store_at, AsksForTheTimeWithEveryGetUntilItKnowsIt) {
  answer("GET", "_\r\n");
  answer("TIME", "-NOPERM not you\r\n");
  EXPECT_TRUE(store_.verify());  // the connection is up
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(store_.get(key, {}).entry);
    EXPECT_EQ(count("TIME"), i);
    EXPECT_EQ(store_.server_now(), std::nullopt);
  }
  const auto looked_up = posted<std::optional<std::string>>(
      [&](auto done) { store_.look_up_later(key, std::move(done)); });
  EXPECT_TRUE(looked_up);
  EXPECT_EQ(count("TIME"), 4);

  answer("TIME", "*2\r\n" + bulk("1700000000") + bulk("0"));
  EXPECT_TRUE(store_.get(key, {}).entry);
  EXPECT_TRUE(store_.get(key, {}).entry);
  EXPECT_EQ(count("TIME"), 5);
  EXPECT_GE(store_.server_now(), server_time{1'700'000'000s});
}

TEST_F(redis_store_at, LearnsTheServersTimeFromTheAnswerToAFill) {
  answer("EVALSHA", "*2\r\n:0\r\n:1700000000000\r\n");
  EXPECT_TRUE(store_.verify());  // the connection is up
  EXPECT_EQ(store_.server_latest_at(now()), std::nullopt);
  const lease::fill_request request{.value_key = key,
                                    .expected = a,
                                    .produced_by = a,
                                    .times = {.fresh = 1min, .grace = 0ms, .key_ttl = 2min},
                                    .payload = {},
                                    .wake_channel = {}};
  const auto filled =
      posted<lease::fill_reply>([&](auto done) { store_.fill(request, std::move(done)); });
  ASSERT_TRUE(filled);
  EXPECT_GE(store_.server_now(), server_time{1'700'000'000s});
  EXPECT_GT(store_.server_latest_at(now()), server_time{1'700'000'000s});
}

}  // namespace
}  // namespace drover::store::redis_store_test
