// SPDX-License-Identifier: MIT
// Which clients a write wakes: by pushes if their lease was tracked, by messages if they asked for
// the wake channel. A push must have come before the reply to a PING that is sent after the write,
// or it will not come.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "entry/envelope.hpp"
#include "lease/commands.hpp"
#include "support/lease_client.hpp"
#include "support/redis_server.hpp"

namespace drover::test::scripts_wake_test {
namespace {

using namespace std::chrono_literals;
using fills = lease::fill_outcome;
using leases = lease::lease_outcome;
using notices = lease::push_kind;

const entry::token a = token_of('a');
const entry::token b = token_of('b');
const entry::token c = token_of('c');

class script_wakes : public testing::Test {
 protected:
  redis_server server;
  lease_client holder{server};
  lease_client waiter{server};

  void lead_and_wait() {
    ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
    ASSERT_EQ(waiter.lease(b)->outcome, leases::wait);
    ASSERT_EQ(notices_of(waiter).size(), 0U);
  }
  /// The notices that a client has received, as keys or channels.
  static std::vector<std::string> notices_of(lease_client& client) {
    std::vector<std::string> names;
    for (const resp::message& push : client.wire().pushes_so_far()) {
      const lease::push_notice notice = lease::read_push(push);
      EXPECT_NE(notice.kind, notices::everything);
      names.insert(names.end(), notice.names.begin(), notice.names.end());
    }
    return names;
  }
};

const std::vector<std::string> nothing{};
const std::vector<std::string> once{std::string{lease_client::key}};

TEST_F(script_wakes, EveryVisibleWriteOfAnotherWakesATrackedWaiterOnce) {
  const std::vector<std::function<bool()>> writes{
      [&] { return holder.fill(holder.fill_of(a, "x"))->outcome == fills::stored; },
      [&] { return holder.fail(holder.failure_of(a))->applied; },
      [&] { return holder.release(a)->applied; },
      [&] { return holder.mark_uncacheable(a, 1min)->applied; },
      [&] { return holder.renew(a, 1min)->applied; },
      [&] { return holder.expire(c)->applied; },
      [&] { return holder.invalidate().has_value(); },
      [&] {
        auto take_over = holder.lease_of(c);
        take_over.previous = a;
        return holder.lease(take_over)->outcome == leases::lead;
      },
  };
  for (std::size_t i = 0; i < writes.size(); ++i) {
    SCOPED_TRACE(i);
    holder.wire().command({"DEL", lease_client::key});
    lead_and_wait();
    EXPECT_TRUE(writes[i]());
    EXPECT_EQ(notices_of(waiter), once);
    EXPECT_EQ(notices_of(holder), nothing) << "NOLOOP";
  }
}

TEST_F(script_wakes, AWriteThatDoesNotApplyWakesNobody) {
  lead_and_wait();
  EXPECT_FALSE(holder.renew(c, 1min)->applied);
  EXPECT_FALSE(holder.release(c)->applied);
  EXPECT_FALSE(holder.mark_uncacheable(c, 1min)->applied);
  EXPECT_FALSE(holder.fail(holder.failure_of(c))->applied);
  EXPECT_FALSE(holder.promote(a, c)->applied);
  EXPECT_EQ(holder.fill(holder.fill_of(c, "x"))->outcome, fills::refused);
  EXPECT_EQ(holder.lease(c)->outcome, leases::wait);
  EXPECT_EQ(notices_of(waiter), nothing);
}

TEST_F(script_wakes, PromotingAndRefreshingWakeThoseWhoAreTrackedOnTheValue) {
  ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
  ASSERT_EQ(holder.fill(holder.fill_of(a, "x"))->outcome, fills::stored);
  ASSERT_EQ(waiter.lease(b)->outcome, leases::hit);
  ASSERT_TRUE(holder.promote(a, c)->applied);
  EXPECT_EQ(notices_of(waiter), once);
  ASSERT_EQ(waiter.lease(b)->outcome, leases::wait);
  ASSERT_EQ(holder.fill(holder.fill_of(c, "y"))->outcome, fills::stored);
  EXPECT_EQ(notices_of(waiter), once);
}

TEST_F(script_wakes, FlushingTellsEveryoneToLookAgain) {
  lead_and_wait();
  server.command({"FLUSHALL"});
  const auto pushes = waiter.wire().pushes_so_far();
  ASSERT_EQ(pushes.size(), 1U);
  EXPECT_EQ(lease::read_push(pushes[0]).kind, notices::everything);
}

TEST_F(script_wakes, APushIsOneShotAndAskingAgainArmsTheNext) {
  lead_and_wait();
  ASSERT_TRUE(holder.renew(a, 1min)->applied);
  ASSERT_TRUE(holder.renew(a, 1min)->applied);
  EXPECT_EQ(notices_of(waiter), once);
  ASSERT_EQ(waiter.lease(c)->outcome, leases::wait);
  ASSERT_TRUE(holder.renew(a, 1min)->applied);
  EXPECT_EQ(notices_of(waiter), once);
}

TEST_F(script_wakes, AWaiterIsArmedOnAMissingKeyAndOnAFailureToo) {
  ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
  ASSERT_TRUE(holder.fail(holder.failure_of(a))->applied);
  ASSERT_EQ(waiter.lease(b)->outcome, leases::failed);
  ASSERT_TRUE(holder.invalidate());
  EXPECT_EQ(notices_of(waiter), once);
}

TEST_F(script_wakes, ALeaderStaysTrackedThroughItsOwnGrant) {
  // Its own SET drops its tracking under NOLOOP; the EXISTS behind it arms it again.
  ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
  ASSERT_TRUE(waiter.invalidate());
  EXPECT_EQ(notices_of(holder), once);

  auto take_over = holder.lease_of(c);
  take_over.previous = b;
  ASSERT_EQ(waiter.lease(b)->outcome, leases::lead);
  ASSERT_EQ(holder.lease(take_over)->outcome, leases::lead);
  ASSERT_TRUE(waiter.invalidate());
  EXPECT_EQ(notices_of(holder), once);
}

TEST_F(script_wakes, AWaiterStaysTrackedThroughItsOwnFlag) {
  ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
  auto asking = waiter.lease_of(b);
  asking.notify = true;
  ASSERT_EQ(waiter.lease(asking)->outcome, leases::wait);
  EXPECT_EQ(holder.head().flags, entry::envelope::flag_untracked_waiter);
  EXPECT_EQ(notices_of(waiter), nothing);
  ASSERT_TRUE(holder.renew(a, 1min)->applied);
  EXPECT_EQ(notices_of(waiter), once);
}

TEST_F(script_wakes, AnUntrackedLeaseArmsNothing) {
  ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
  ASSERT_EQ(waiter.lease(waiter.lease_of(b), false)->outcome, leases::wait);
  ASSERT_TRUE(holder.release(a)->applied);
  EXPECT_EQ(notices_of(waiter), nothing);
}

TEST_F(script_wakes, CachingYesIsEatenByAMissingScriptAndMustBeSentAgain) {
  ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
  server.command({"SCRIPT", "FLUSH"});
  std::string request;
  lease::write_lease(request, waiter.lease_of(b), true);
  waiter.wire().send(request);
  EXPECT_TRUE(lease::read_acknowledged(waiter.wire().read_reply()));
  EXPECT_TRUE(lease::is_noscript(waiter.wire().read_reply()));
  std::string load;
  lease::write_load_scripts(load);
  waiter.wire().send(load);
  ASSERT_EQ(waiter.wire().read_replies(lease::scripts().size()).size(), lease::scripts().size());

  ASSERT_EQ(waiter.lease(waiter.lease_of(b), false)->outcome, leases::wait)
      << "only half is resent";
  ASSERT_TRUE(holder.renew(a, 1min)->applied);
  EXPECT_EQ(notices_of(waiter), nothing);
  ASSERT_EQ(waiter.lease(waiter.lease_of(c), true)->outcome, leases::wait) << "the whole request";
  ASSERT_TRUE(holder.renew(a, 1min)->applied);
  EXPECT_EQ(notices_of(waiter), once);
}

TEST_F(script_wakes, TheCanarySingsAndLeavesNoloopBehind) {
  const std::string canary = "t:c:0123";
  std::string request;
  lease::write_canary(request, canary);
  waiter.wire().send(request);
  const auto replies = waiter.wire().read_replies(5);
  for (const resp::message& reply : replies) EXPECT_FALSE(reply.root().is_error()) << reply.text;
  EXPECT_EQ(notices_of(waiter), std::vector<std::string>{canary});
  EXPECT_GT(server.command({"PTTL", canary}).root().integer(), 0);

  lead_and_wait();
  ASSERT_TRUE(waiter.invalidate());
  EXPECT_EQ(notices_of(waiter), nothing) << "one's own write";
}

TEST_F(script_wakes, TheWakeChannelIsUsedOnlyWhenAnUntrackedWaiterAskedForIt) {
  std::string request;
  lease::write_subscribe(request, lease_client::channel);
  lease_client listener{server, false};
  listener.wire().send(request);
  ASSERT_TRUE(listener.wire().read_push().has_value()) << "subscribed";

  const std::vector<std::function<bool()>> endings{
      [&] { return holder.fill(holder.fill_of(a, "x"))->outcome == fills::stored; },
      [&] { return holder.fail(holder.failure_of(a))->applied; },
      [&] { return holder.release(a)->applied; },
  };
  for (const bool notify : {false, true}) {
    for (std::size_t i = 0; i < endings.size(); ++i) {
      SCOPED_TRACE(i);
      ASSERT_TRUE(holder.invalidate());
      ASSERT_EQ(holder.lease(a)->outcome, leases::lead);
      auto asking = listener.lease_of(b);
      asking.notify = notify;
      ASSERT_EQ(listener.lease(asking, false)->outcome, leases::wait);
      ASSERT_EQ(listener.lease(asking, false)->outcome, leases::wait) << "the flag is set once";
      EXPECT_EQ(holder.head().flags, notify ? 1 : 0);
      EXPECT_TRUE(endings[i]());
      const std::vector<std::string> message{std::string{lease_client::channel}};
      EXPECT_EQ(notices_of(listener), notify ? message : nothing);
    }
  }
  request.clear();
  lease::write_unsubscribe(request, lease_client::channel);
  listener.wire().send(request);
  EXPECT_TRUE(listener.wire().read_push().has_value());
}

TEST_F(script_wakes, WithoutAChannelNobodyIsTold) {
  std::string request;
  lease::write_subscribe(request, "");
  waiter.wire().send(request);
  ASSERT_TRUE(waiter.wire().read_push().has_value());
  auto asking = holder.lease_of(a);
  asking.notify = true;
  ASSERT_EQ(holder.lease(asking)->outcome, leases::lead);
  auto fill = holder.fill_of(a, "x");
  fill.wake_channel = {};
  ASSERT_EQ(holder.fill(fill)->outcome, fills::stored);
  EXPECT_EQ(notices_of(waiter), nothing);
}

}  // namespace
}  // namespace drover::test::scripts_wake_test
