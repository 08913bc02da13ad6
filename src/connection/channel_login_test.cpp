// SPDX-License-Identifier: MIT
// Credentials from a function, on a real server: passwords that change, users that are deleted, and
// functions that throw, block or give nonsense.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "connection/channel.hpp"
#include "resp/writer.hpp"
#include "support/redis_server.hpp"

namespace drover::connection::channel_login_test {
namespace {

using namespace std::chrono_literals;

/// A server with the user `app`, and the credentials that the application has.
struct world {
  world() { set_user(">first"); }

  void set_user(std::string_view rule) const {
    server.command({"ACL", "SETUSER", "app", "on", rule, "+@all", "~*", "&*"});
  }
  [[nodiscard]] settings with() {
    settings out;
    out.at = *parse_url(server.url());
    out.ask_credentials = [this] {
      ++asked;
      const std::lock_guard lock{mutex};
      return answer();
    };
    out.connect_max = 20s;  // a busy machine must not look like a fault of the server
    out.silence_max = 20s;
    out.back_off_min = 5ms;
    out.back_off_max = 50ms;
    return out;
  }
  void give(std::function<credentials()> next) {
    const std::lock_guard lock{mutex};
    answer = std::move(next);
  }

  test::redis_server server;
  std::atomic<int> asked{0};
  std::mutex mutex;
  std::function<credentials()> answer = [] { return credentials{"app", "first", {}}; };
};

std::string ask(channel& on, std::initializer_list<std::string_view> command) {
  std::string request;
  resp::write_command(request, command);
  resp::message reply;
  const outcome end = on.exchange(request, {&reply, 1});
  return end.ended == exchange_end::replied ? std::string{reply.root().text()} : end.why.text;
}

void await(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::yield();
}

TEST(threads_channel_login, AFunctionGivesTheCredentialsOfEachConnect) {
  world is;
  channel on{is.with(), {}};
  EXPECT_EQ(is.asked, 0);
  EXPECT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  EXPECT_EQ(is.asked, 1);
  is.give([] { return credentials{"app", "second", {}}; });
  is.set_user(">second");
  is.set_user("<first");
  is.server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  await([&] { return ask(on, {"ACL", "WHOAMI"}) == "app"; });
  EXPECT_GE(is.asked, 2);
}

TEST(threads_channel_login, AChangeReachesTheLivingConnectionBetweenRequests) {
  world is;
  channel on{is.with(), {}};
  ASSERT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  is.server.command({"ACL", "SETUSER", "other", "on", ">third", "+@all", "~*", "&*"});
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&, c] {
      for (int i = 0; !stop; ++i) {
        const std::string text = std::to_string(c) + ":" + std::to_string(i);
        if (ask(on, {"ECHO", text}) != text) ++wrong;
      }
    });
  }
  const auto id = on.client_id();
  for (int i = 0; i < 50; ++i) {
    const bool is_other = i % 2 == 0;
    is.give([=] {
      return is_other ? credentials{"other", "third", {}} : credentials{"app", "first", {}};
    });
    on.credentials_changed();
    await([&] { return ask(on, {"ACL", "WHOAMI"}) == (is_other ? "other" : "app"); });
  }
  stop = true;
  callers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(on.client_id(), id) << "the connection was replaced";
  EXPECT_EQ(is.asked, 51);
}

TEST(threads_channel_login, CredentialsAreRenewedWhenTheirTimeIsOver) {
  world is;
  is.give([] { return credentials{"app", "first", 20ms}; });
  channel on{is.with(), {}};
  ASSERT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  const auto id = on.client_id();
  await([&] { return is.asked >= 5; });
  EXPECT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  EXPECT_EQ(on.client_id(), id);
}

// The server keeps a connection whose AUTH it refuses.
TEST(threads_channel_login, ARefusedRenewalKeepsTheConnectionAndIsRepeated) {
  world is;
  std::atomic<int> failed{0};
  std::string text;
  std::mutex mutex;
  channel on{is.with(), {.login_failed = [&](const fault& why) {
               const std::lock_guard lock{mutex};
               text = why.text;
               ++failed;
             }}};
  ASSERT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  const auto id = on.client_id();
  is.give([] { return credentials{"app", "n0t-yet-known", {}}; });
  on.credentials_changed();
  await([&] { return failed >= 1; });
  EXPECT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  is.set_user(">n0t-yet-known");
  is.set_user("<first");
  // Nobody says that the credentials have changed: the renewal is repeated.
  const int before = is.asked;
  await([&] { return is.asked > before; });
  EXPECT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  is.give([]() -> credentials { throw std::runtime_error{"of s3cret"}; });
  on.credentials_changed();
  await([&] { return failed >= 2; });
  is.give([] { return credentials{"app", "", {}}; });
  on.credentials_changed();
  await([&] { return failed >= 3; });
  is.give([] { return credentials{"app", "first", {}}; });
  on.credentials_changed();
  await([&] { return failed >= 4; });
  {
    const std::lock_guard lock{mutex};
    EXPECT_NE(text.find("WRONGPASS"), std::string::npos) << text;
    EXPECT_EQ(text.find("n0t"), std::string::npos) << text;
    EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
  }
  EXPECT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  EXPECT_EQ(on.client_id(), id);
}

TEST(threads_channel_login, ADeletedUserEndsTheConnectionAndANewOneHeals) {
  world is;
  channel on{is.with(), {}};
  ASSERT_EQ(ask(on, {"ACL", "WHOAMI"}), "app");
  is.server.command({"ACL", "DELUSER", "app"});
  await([&] { return on.reached_state() == reachability::state::refused; });
  EXPECT_NE(on.reached().reason.find("WRONGPASS"), std::string::npos) << on.reached().reason;
  EXPECT_EQ(on.reached().reason.find("first"), std::string::npos) << on.reached().reason;
  is.set_user(">second");
  is.give([] { return credentials{"app", "second", {}}; });
  await([&] { return ask(on, {"ACL", "WHOAMI"}) == "app"; });
}

TEST(threads_channel_login, AFunctionThatFailsIsAFailedAttempt) {
  world is;
  is.give([]() -> credentials { throw std::runtime_error{"no s3cret today"}; });
  channel on{is.with(), {}};
  EXPECT_NE(ask(on, {"PING"}).find("credentials_source threw"), std::string::npos);
  EXPECT_EQ(on.reached().reason.find("s3cret"), std::string::npos) << on.reached().reason;
  is.give([] { return credentials{"app", "", {}}; });
  await([&] { return on.reached().reason.find("no password") != std::string::npos; });
  is.give([]() -> credentials { throw 7; });
  await([&] { return on.reached().reason.find("threw") != std::string::npos; });
  is.give([] { return credentials{"app", "first", {}}; });
  await([&] { return ask(on, {"ACL", "WHOAMI"}) == "app"; });
}

TEST(threads_channel_login, AFunctionThatBlocksHoldsUpNoCallerForLonger) {
  world is;
  std::latch let_go{1};
  std::atomic<int> calls{0};
  settings with = is.with();
  with.connect_max = 20ms;
  with.ask_credentials = [&] {
    ++calls;
    let_go.wait();
    return credentials{"app", "first", {}};
  };
  {
    channel on{with, {}};
    await([&] { return ask(on, {"PING"}).find("has not returned in time") != std::string::npos; });
    EXPECT_EQ(on.reached_state(), reachability::state::refused);
    EXPECT_EQ(calls, 1);
    let_go.count_down();
    await([&] { return ask(on, {"ACL", "WHOAMI"}) == "app"; });
  }
  // The destructor waits for a call that runs: it may use objects that end after the channel.
  std::atomic<bool> is_running{false};
  std::atomic<bool> has_returned{false};
  with.ask_credentials = [&] {
    is_running = true;
    std::this_thread::sleep_for(20ms);
    has_returned = true;
    return credentials{"app", "first", {}};
  };
  with.connect_max = 1ms;
  {
    channel on{with, {}};
    on.post("PING\r\n", 1, [](const result<std::vector<resp::message>>&) {});
    await([&] { return is_running.load(); });
  }
  EXPECT_TRUE(has_returned);
}

}  // namespace
}  // namespace drover::connection::channel_login_test
