// SPDX-License-Identifier: MIT
// The channel with a scripted server that is slow or silent, closes connections, or sends wrong
// replies.
#include "connection/channel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "connection/channel_world_for_test.hpp"

namespace drover::connection::channel_test {
namespace {

TEST(threads_channel, EveryoneGetsTheReplyToItsOwnRequest) {
  const scripted_server server{echo};
  for (const bool spin : {true, false}) {
    settings with = at(server);
    with.spin = spin;
    channel on{with, {}};
    std::vector<std::jthread> callers;
    for (int c = 0; c < 16; ++c) {
      callers.emplace_back([&, c] {
        for (int i = 0; i < 200; ++i) {
          const std::string key = std::to_string(c) + ":" + std::to_string(i);
          ASSERT_EQ(get(on, key).text, "of " + key);
        }
      });
    }
  }
}

TEST(threads_channel, PostedRequestsAreAnsweredOnceAndInOrder) {
  const scripted_server server{echo};
  channel on{at(server), {}};
  std::mutex mutex;
  std::condition_variable completed;
  std::vector<std::string> got;
  for (int i = 0; i < 100; ++i) {
    on.post(get_of(std::to_string(i)), 1, [&](const result<std::vector<resp::message>>& replies) {
      const std::scoped_lock lock{mutex};
      got.emplace_back(replies ? replies->front().root().text() : "fault");
      completed.notify_one();
    });
  }
  std::unique_lock lock{mutex};
  completed.wait(lock, [&] { return got.size() == 100; });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(got[static_cast<std::size_t>(i)], "of " + std::to_string(i));
  }
}

TEST(threads_channel, ACallerThatLeavesByDeadlineNeverGetsAnothersReplyNorGivesItsOwn) {
  std::atomic<bool> hold{true};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (arguments[1] == "slow") peer.wait_for([&] { return !hold.load(); });
        echo(peer, arguments);
      }};
  const settings with = at(server);
  channel on{with, {}};
  ASSERT_EQ(get(on, "first").text, "of first");
  EXPECT_EQ(get(on, "slow", {.deadline = now() + 20ms, .stop = {}}).end.ended,
            exchange_end::deadline_passed);
  std::jthread patient{[&] { EXPECT_EQ(get(on, "patient").text, "of patient"); }};
  hold = false;
  patient.join();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(get(on, std::to_string(i)).text, "of " + std::to_string(i));
  EXPECT_EQ(server.connections(), 1U);
}

// Detects clients that give the reply of a cancelled call to the next call: cancels at every phase.
TEST(threads_channel, AStopAtAnyPhaseLeavesTheOthersTheirReplies) {
  enum class phase { written, first_byte, mid_bulk };
  for (const phase at_phase : {phase::written, phase::first_byte, phase::mid_bulk}) {
    for (const bool has_company : {false, true}) {
      std::atomic<bool> reached{false};
      std::atomic<bool> go_on{false};
      const scripted_server server{
          [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
            if (arguments[1] != "stopped") return echo(peer, arguments);
            const std::string reply = bulk("of stopped");
            const std::size_t sent = at_phase == phase::written      ? 0
                                     : at_phase == phase::first_byte ? 1
                                                                     : 8;
            peer.send(std::string_view{reply}.substr(0, sent));
            reached = true;
            peer.wait_for([&] { return go_on.load(); });
            peer.send(std::string_view{reply}.substr(sent));
          }};
      const settings with = at(server);
      channel on{with, {}};
      ASSERT_EQ(get(on, "first").text, "of first");
      std::stop_source stop;
      std::jthread stopped{[&] {
        EXPECT_EQ(get(on, "stopped", {.deadline = {}, .stop = stop.get_token()}).end.ended,
                  exchange_end::stopped);
      }};
      while (!reached) std::this_thread::yield();
      std::jthread company;
      if (has_company)
        company = std::jthread{[&] { EXPECT_EQ(get(on, "other").text, "of other"); }};
      stop.request_stop();
      stopped.join();
      go_on = true;
      if (has_company) company.join();
      for (int i = 0; i < 10; ++i)
        EXPECT_EQ(get(on, std::to_string(i)).text, "of " + std::to_string(i));
      EXPECT_EQ(server.connections(), 1U);
    }
  }
}

TEST(threads_channel, AConnectionCutAtAnyByteFaultsTheCallAndTheNextOneWorks) {
  const std::string canonical = bulk("of cut");
  for (std::size_t cut = 0; cut < canonical.size(); ++cut) {
    std::atomic<bool> done{false};
    const scripted_server server{
        [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
          if (arguments[1] == "cut" && !done.exchange(true)) {
            peer.send(std::string_view{canonical}.substr(0, cut));
            return peer.close();
          }
          echo(peer, arguments);
        }};
    channel on{at(server), {}};
    ASSERT_EQ(get(on, "first").text, "of first");
    const answer lost = get(on, "cut");
    ASSERT_EQ(lost.end.ended, exchange_end::faulted) << cut;
    EXPECT_EQ(lost.end.why.code, fault_code::unreachable);
    EXPECT_TRUE(on.is_available());
    EXPECT_EQ(get(on, "next").text, "of next") << cut;
  }
}

TEST(threads_channel, EveryLostConnectionIsMadeAnewWithoutOpeningTheBreaker) {
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (arguments[1] == "kill") return peer.close();
        echo(peer, arguments);
      }};
  channel on{at(server), {}};
  for (unsigned i = 0; i < 8; ++i) {
    ASSERT_EQ(get(on, "k").text, "of k") << i;
    EXPECT_EQ(on.epoch(), i + 1);
    EXPECT_EQ(get(on, "kill").end.ended, exchange_end::faulted);
    EXPECT_TRUE(on.is_available());
  }
  EXPECT_LE(server.connections(), 9U);  // the ninth is made without a request
}

TEST(threads_channel, ConnectionsLostUnansweredOpenTheBreakerWhichClosesByItself) {
  std::atomic<bool> refuses{true};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (refuses) return peer.close();
        echo(peer, arguments);
      }};
  settings with = at(server);
  with.back_off_min = 1ms;
  with.back_off_max = 20ms;
  channel on{with, {}};
  unsigned faults = 0;
  while (on.is_available() && faults < 1000) {
    const answer got = get(on, "k");
    ASSERT_EQ(got.end.ended, exchange_end::faulted);
    EXPECT_EQ(got.end.why.code, fault_code::unreachable);
    ++faults;
  }
  EXPECT_FALSE(on.is_available());
  EXPECT_GE(faults, 3U);
  refuses = false;
  while (get(on, "k").text != "of k") std::this_thread::yield();
  EXPECT_TRUE(on.is_available());
}

TEST(threads_channel, SilenceClosesAndThreeInARowOpenTheBreakerWhichClosesByItself) {
  std::atomic<bool> silent{true};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (!silent) echo(peer, arguments);
      }};
  settings with = at(server);
  with.silence_max = 30ms;
  with.back_off_min = 1ms;
  with.back_off_max = 20ms;
  channel on{with, {}};
  unsigned faults = 0;
  while (on.is_available() && faults < 1000) {
    const answer got = get(on, "k");
    ASSERT_EQ(got.end.ended, exchange_end::faulted);
    EXPECT_EQ(got.end.why.code, fault_code::unreachable);
    ++faults;
  }
  EXPECT_GE(faults, 3U);
  silent = false;
  while (get(on, "k").text != "of k") std::this_thread::yield();
  EXPECT_TRUE(on.is_available());
}

TEST(threads_channel, AReplyToNoRequestClosesTheConnection) {
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (arguments[1] == "twice") peer.send(bulk("of twice"));
        echo(peer, arguments);
      }};
  std::atomic<int> downs{0};
  channel on{at(server), {.up = {}, .down = [&](const fault&) { ++downs; }, .push = {}}};
  EXPECT_EQ(get(on, "twice").text, "of twice");
  while (get(on, "after").text != "of after" || downs == 0) std::this_thread::yield();
  EXPECT_EQ(get(on, "more").text, "of more");
  EXPECT_GE(server.connections(), 2U);
}

TEST(threads_channel, PushesGoToTheirHandlerAndDisturbNoReply) {
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        peer.send(">2\r\n$10\r\ninvalidate\r\n*1\r\n" + bulk(arguments[1]));
        echo(peer, arguments);
      }};
  std::atomic<int> pushes{0};
  channel on{at(server), {.up = {}, .down = {}, .push = [&](const resp::message& push) {
                            EXPECT_EQ(push.root()[0].text(), "invalidate");
                            ++pushes;
                          }}};
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(get(on, std::to_string(i)).text, "of " + std::to_string(i));
  EXPECT_EQ(pushes, 50);
}

TEST(threads_channel, PushesAreReadWhileTheyAreWantedAndNobodyCalls) {
  std::atomic<bool> send_it{false};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        echo(peer, arguments);
        peer.wait_for([&] { return send_it.load(); });
        peer.send(">2\r\n$10\r\ninvalidate\r\n_\r\n");
      }};
  std::atomic<int> pushes{0};
  // Without the hold the caller reads, and afterwards nobody.
  for (const bool is_held_before : {true, false}) {
    channel on{at(server), {.up = {}, .down = {}, .push = [&](const resp::message&) { ++pushes; }}};
    if (is_held_before) on.hold_pushes();
    EXPECT_EQ(get(on, "k").text, "of k");
    if (!is_held_before) on.hold_pushes();
    send_it = true;
    while (pushes == 0) std::this_thread::yield();
    on.release_pushes();
    pushes = 0;
    send_it = false;
  }
}

TEST(threads_channel, RepliesInSingleBytesAreTheSameReplies) {
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        for (const char byte : bulk("of " + arguments[1])) peer.send({&byte, 1});
      }};
  channel on{at(server), {}};
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(get(on, std::to_string(i)).text, "of " + std::to_string(i));
}

TEST(threads_channel, ARequestThatWaitsForAConnectionFaultsInTimeWhenThereIsNone) {
  settings with;
  with.at.path = "/nowhere/there-is-no-server";
  channel on{with, {}};
  const answer got = get(on, "k");
  ASSERT_EQ(got.end.ended, exchange_end::faulted);
  EXPECT_EQ(got.end.why.code, fault_code::unreachable);
  EXPECT_FALSE(on.is_available());
}

TEST(threads_channel, NobodyWaitsForTheNextAttemptLongerThanForAConnection) {
  const scripted_server server{
      [](const scripted_peer& peer, const std::vector<std::string>&) { peer.close(); }};
  settings with = at(server);
  with.connect_max = 50ms;
  with.back_off_min = 24h;
  with.back_off_max = 24h;
  channel on{with, {}};
  EXPECT_EQ(get(on, "lost").end.ended, exchange_end::faulted);
  // Otherwise it would return tomorrow.
  EXPECT_EQ(get(on, "parked").end.ended, exchange_end::faulted);
}

TEST(threads_channel, WhatAServerSaysBeforeItClosesIsInTheFault) {
  const scripted_server server{echo, "-DENIED running in protected mode\r\n"};
  channel on{at(server), {}};
  const answer got = get(on, "k");
  ASSERT_EQ(got.end.ended, exchange_end::faulted);
  EXPECT_NE(got.end.why.text.find("DENIED"), std::string::npos) << got.end.why.text;
}

TEST(threads_channel, AStopBeforeOrWhileParkedEndsOnlyThatCall) {
  std::atomic<bool> go_on{false};
  const scripted_server server{echo};
  std::unique_ptr<channel> on;
  std::atomic<bool> in_up{false};
  const auto up = [&](const greeting&) {
    in_up = true;
    while (!go_on) std::this_thread::yield();
  };
  on = std::make_unique<channel>(at(server), handlers{.up = up, .down = {}, .push = {}});
  std::stop_source stop;
  std::jthread stopped{[&] {
    EXPECT_EQ(get(*on, "stopped", {.deadline = {}, .stop = stop.get_token()}).end.ended,
              exchange_end::stopped);
  }};
  while (!in_up) std::this_thread::yield();
  stop.request_stop();
  stopped.join();
  EXPECT_EQ(get(*on, "never", {.deadline = {}, .stop = stop.get_token()}).end.ended,
            exchange_end::stopped);
  EXPECT_EQ(get(*on, "late", {.deadline = now() + 5ms, .stop = {}}).end.ended,
            exchange_end::deadline_passed);
  go_on = true;
  EXPECT_EQ(get(*on, "other").text, "of other");
}

TEST(threads_channel, WhatIsPostedInUpGoesBeforeWhatWaitedForTheConnection) {
  std::mutex mutex;
  std::vector<std::string> order;
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        {
          const std::scoped_lock lock{mutex};
          order.push_back(arguments[1]);
        }
        echo(peer, arguments);
      }};
  std::unique_ptr<channel> on;
  on = std::make_unique<channel>(
      at(server), handlers{.up =
                               [&](const greeting&) {
                                 on->post(get_of("from up"), 1,
                                          [](const result<std::vector<resp::message>>&) {});
                               },
                           .down = {},
                           .push = {}});
  EXPECT_EQ(get(*on, "parked").text, "of parked");
  const std::scoped_lock lock{mutex};
  EXPECT_EQ(order, (std::vector<std::string>{"from up", "parked"}));
}

TEST(threads_channel, TimersRunInOrderAndACancelledOneDoesNot) {
  settings with;
  with.at.path = "/nowhere/there-is-no-server";
  channel on{with, {}};
  std::atomic<int> ran{0};
  const timer_id gone = on.schedule(now() + 1h, [&] { ran = 100; });
  on.schedule(now(), [&] { ++ran; });
  while (ran == 0) std::this_thread::yield();
  EXPECT_TRUE(on.cancel(gone));
  EXPECT_FALSE(on.cancel(gone));
  EXPECT_EQ(ran, 1);
}

TEST(threads_channel, TheDestructorFaultsWhatIsOutstandingExactlyOnce) {
  for (const bool is_sent : {false, true}) {
    std::atomic<int> received{0};
    std::atomic<int> completed{0};
    const scripted_server server{
        [&](const scripted_peer&, const std::vector<std::string>&) { ++received; }};
    {
      channel on{at(server), {}};
      for (int i = 0; i < 10; ++i) {
        on.post(get_of("k"), 1, [&](const result<std::vector<resp::message>>& replies) {
          EXPECT_FALSE(replies);
          ++completed;
        });
      }
      while (is_sent && received < 10) std::this_thread::yield();
    }
    EXPECT_EQ(completed, 10);
  }
}

TEST(threads_channel, AHandlerThatThrowsCostsTheConnectionAndHangsNobody) {
  std::atomic<bool> pushes{true};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (pushes.exchange(false)) {
          peer.send(">2\r\n+message\r\n+x\r\n");
        } else {
          echo(peer, arguments);
        }
      }};
  const auto throws = [](const resp::message&) { throw std::runtime_error{"handler"}; };
  channel on{at(server), {.up = {}, .down = {}, .push = throws}};
  EXPECT_EQ(get(on, "k").end.ended, exchange_end::faulted);
  EXPECT_EQ(get(on, "next").text, "of next");
}

TEST(threads_channel, ARequestLongerThanTheSocketTakesIsWrittenWhole) {
  std::string value;
  for (unsigned i = 0; value.size() < std::size_t{8} << 20U; ++i) value += std::to_string(i);
  std::atomic<bool> reads{false};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (arguments[0] == "SET") {
          peer.send(bulk(arguments[2] == value ? "whole" : "not whole"));
        } else {
          peer.wait_for([&] { return reads.load(); });
          echo(peer, arguments);
        }
      }};
  channel on{at(server), {}};
  std::atomic<int> completed{0};
  on.post(get_of("before it"), 1, [&](const auto& got) {
    EXPECT_TRUE(got && got->front().root().text() == "of before it");
    ++completed;
  });
  std::string set;
  resp::write_command(set, {"SET", "k", value});
  on.post(std::move(set), 1, [&](const auto& got) {
    EXPECT_TRUE(got && got->front().root().text() == "whole");
    ++completed;
  });
  reads = true;
  EXPECT_EQ(get(on, "behind it").text, "of behind it");
  EXPECT_EQ(completed, 2);
}

TEST(threads_channel, AServerThatDoesNotReadHoldsNobodyForEver) {
  std::atomic<bool> stuck{true};
  const scripted_server server{[&](const scripted_peer& peer, const std::vector<std::string>&) {
    peer.wait_for([&] { return !stuck.load(); });
  }};
  settings with = at(server);
  with.silence_max = 50ms;
  channel on{with, {}};
  std::string huge;
  resp::write_command(huge, {"SET", "k", std::string(std::size_t{8} << 20U, 'x')});
  resp::message reply;
  EXPECT_EQ(on.exchange(huge, {&reply, 1}, {.deadline = now() + 10ms, .stop = {}}).ended,
            exchange_end::deadline_passed);
  EXPECT_EQ(get(on, "behind it").end.ended, exchange_end::faulted);
  stuck = false;
}

}  // namespace
}  // namespace drover::connection::channel_test
