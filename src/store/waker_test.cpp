// SPDX-License-Identifier: MIT
// How the store learns of changes: by pushes, by wake channels, or not at all.
#include "store/waker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "connection/scripted_server_for_test.hpp"
#include "store/redis_store.hpp"

namespace drover::store {
namespace {

using namespace std::chrono_literals;
using connection::bulk;
using connection::scripted_peer;
using words = std::vector<std::string>;

const std::string canary = "t:1.0:c:x";
const std::string refusal = "-NOPERM this user has no permissions\r\n";

std::string push_of(const std::string& name, const std::string& body) {
  return ">2\r\n" + bulk(name) + body;
}
std::string subscription(const std::string& command, const std::string& channel) {
  return ">3\r\n" + bulk(command) + bulk(channel) + ":1\r\n";
}

class waker_at : public testing::Test {
 protected:
  waker_at() { get(); }  // a flight waits only on a connection

  std::atomic<bool> may_track_{true};
  std::atomic<bool> may_subscribe_{true};
  std::atomic<bool> sends_pushes_{true};

  /// Sent before the reply to the next GET.
  void push_with_the_next_get(std::string wire) {
    const std::scoped_lock lock{mutex_};
    push_ = std::move(wire);
  }
  void get() { static_cast<void>(store_.get("t:1.0:v:{=k}", {})); }
  /// The number of these commands that the server has received. All requests that were sent before
  /// are counted.
  long count(const std::string& command) {
    EXPECT_TRUE(store_.verify());
    const std::scoped_lock lock{mutex_};
    return std::count(received_.begin(), received_.end(), command);
  }
  void prove() { store_.wakes().prove(canary); }
  /// Waits until the mode is decided so.
  void wait_for(wake_mode mode) {
    while (store_.wakes().mode() != mode) std::this_thread::yield();
  }
  words heard() {
    const std::scoped_lock lock{mutex_};
    return heard_;
  }

 private:
  std::string answer_to(const words& arguments) {
    const std::string& command = arguments[0];
    if (command == "CLIENT") return may_track_ ? "+OK\r\n" : refusal;
    if (command == "GET") return std::exchange(push_, {}) + "$-1\r\n";
    if (command == "PING") return bulk(arguments[1]);
    if (command == "SET" && sends_pushes_) {
      return "+OK\r\n" + push_of("invalidate", "*1\r\n" + bulk(arguments[1]));
    }
    if (command == "SUBSCRIBE" && !may_subscribe_) return refusal;
    if (command == "SUBSCRIBE") return subscription("subscribe", arguments[1]);
    if (command == "UNSUBSCRIBE") return subscription("unsubscribe", arguments[1]);
    return "+OK\r\n";
  }
  void serve(const scripted_peer& peer, const words& arguments) {
    std::string wire;
    {
      const std::scoped_lock lock{mutex_};
      received_.push_back(arguments[0]);
      wire = answer_to(arguments);
    }
    peer.send(wire);
  }
  void hear(std::string event) {
    const std::scoped_lock lock{mutex_};
    heard_.push_back(std::move(event));
  }
  connection::settings settings() {
    connection::settings with;
    with.at.path = server_.path();
    with.connect_max = 20s;  // a busy machine must not look like a fault of the server
    with.silence_max = 20s;
    return with;
  }

  std::mutex mutex_;
  std::string push_;
  words received_;
  words heard_;

 protected:
  connection::scripted_server server_{
      [this](const scripted_peer& peer, const words& arguments) { serve(peer, arguments); }};
  redis_store store_{
      settings(),
      {.up = [](const connection::greeting&) {},
       .down = [](const fault&) {},
       .changed = [this](std::string_view key) { hear("changed " + std::string{key}); },
       .everything_changed = [this] { hear("everything changed"); },
       .waking =
           [this](wake_mode mode) { hear("mode " + std::to_string(static_cast<int>(mode))); }}};
};

TEST_F(waker_at, IsProvedByThePushForItsCanary) {
  prove();
  wait_for(wake_mode::push);
  EXPECT_EQ(count("SUBSCRIBE"), 0);
  prove();
  EXPECT_EQ(count("SET"), 1) << "once for each connection";
}

TEST_F(waker_at, ListensToTheChannelWhenTrackingIsRefused) {
  may_track_ = false;
  sends_pushes_ = false;
  prove();
  wait_for(wake_mode::channel);
}

TEST_F(waker_at, ListensToTheChannelWhenThePushDoesNotCome) {
  sends_pushes_ = false;
  prove();
  wait_for(wake_mode::channel);
}

TEST_F(waker_at, PollsWhenChannelsAreRefusedToo) {
  may_track_ = false;
  sends_pushes_ = false;
  may_subscribe_ = false;
  prove();
  wait_for(wake_mode::polling);
  while (count("SUBSCRIBE") == 0) std::this_thread::yield();
  get();
  EXPECT_EQ(store_.wakes().mode(), wake_mode::polling);
}

TEST_F(waker_at, BeginsAnewOnEachConnection) {
  prove();
  wait_for(wake_mode::push);
  sends_pushes_ = false;
  server_.close_all();
  while (server_.connections() < 2) get();
  get();
  EXPECT_EQ(store_.wakes().mode(), wake_mode::undecided);
  prove();
  EXPECT_EQ(count("SET"), 2);
}

TEST_F(waker_at, SubscribesOnceForAllWhoListenToAChannel) {
  sends_pushes_ = false;
  prove();
  wait_for(wake_mode::channel);
  EXPECT_EQ(count("SUBSCRIBE"), 1) << "the probe";
  store_.wakes().listen("t:1.0:w:{=k}");
  store_.wakes().listen("t:1.0:w:{=k}");
  EXPECT_EQ(count("SUBSCRIBE"), 2);
  store_.wakes().leave("t:1.0:w:{=k}");
  EXPECT_EQ(count("UNSUBSCRIBE"), 0);
  store_.wakes().leave("t:1.0:w:{=k}");
  EXPECT_EQ(count("UNSUBSCRIBE"), 1);
}

TEST_F(waker_at, TellsOfEveryKeyThatAPushNames) {
  push_with_the_next_get(push_of("invalidate", "*2\r\n" + bulk("t:1.0:v:{=a}") + bulk("b")));
  get();
  push_with_the_next_get(push_of("invalidate", "_\r\n"));
  get();
  push_with_the_next_get(">3\r\n" + bulk("message") + bulk("t:1.0:w:{=c}") + bulk("fill"));
  get();
  get();
  EXPECT_EQ(heard(), (words{"changed t:1.0:v:{=a}", "changed b", "everything changed",
                            "changed t:1.0:v:{=c}"}));
}

}  // namespace
}  // namespace drover::store
