// SPDX-License-Identifier: MIT
// FILL when it is executed long after the load has ended: the times of the entry count from the end
// of the load. No test waits: a request that names an earlier time is a late one.
#include <optional>
#include <string>
#include <vector>

#include "integration/two_clients.hpp"

namespace drover::test {
namespace {

class scripts_late_fill : public two_clients {
 protected:
  /// A fill whose load ended `late` ago. It is fresh for a minute and has two minutes of grace.
  lease::fill_request late_fill(const entry::token& held, milliseconds late) {
    auto request = first.fill_of(held, "late");
    request.loaded_at = first.now() - late;
    return request;
  }
};

TEST_F(scripts_late_fill, CountsTheTimesFromTheEndOfTheLoad) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  const auto request = late_fill(a, 40s);
  ASSERT_EQ(first.fill(request)->outcome, fills::stored);
  const envelope head = first.head();
  EXPECT_EQ(head.stored_at, request.loaded_at);
  EXPECT_EQ(head.until, request.loaded_at + 1min);
  EXPECT_EQ(head.grace, 2min);
  EXPECT_EQ(entry::age_of(head, request.loaded_at + 40s), 40s + 2ms) << "the load took 1.5 ms";
}

TEST_F(scripts_late_fill, StoresAStaleValueWhenOnlyGraceIsLeft) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  const auto request = late_fill(a, 90s);
  const auto filled = first.fill(request);
  ASSERT_EQ(filled->outcome, fills::stored);
  EXPECT_EQ(first.head().until, request.loaded_at + 1min);
  EXPECT_EQ(entry::freshness_of(first.head(), filled->now), entry::freshness::stale);
  EXPECT_EQ(second.lease(b)->outcome, leases::hit);
}

TEST_F(scripts_late_fill, GivesTheLeaseBackWhenNoTimeIsLeft) {
  for (const milliseconds late : {milliseconds{3min}, milliseconds{1h}}) {
    ASSERT_EQ(first.lease(a)->outcome, leases::lead);
    EXPECT_EQ(first.fill(late_fill(a, late))->outcome, fills::refused);
    EXPECT_EQ(first.stored(), std::nullopt);
    EXPECT_EQ(first.fill(first.fill_of(a, "again"))->outcome, fills::refused);
    EXPECT_EQ(second.lease(b)->outcome, leases::lead) << "the first lease has not ended by itself";
    EXPECT_TRUE(second.release(b)->applied);
  }
}

TEST_F(scripts_late_fill, WakesThoseWhoWaitForTheLeaseThatItGivesBack) {
  raw_client listener = server.connect3();
  listener.send_command({"SUBSCRIBE", lease_client::channel});
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  lease_client third{server, false};
  auto untracked = third.lease_of(c);
  untracked.notify = true;
  ASSERT_EQ(third.lease(untracked, false)->outcome, leases::wait);
  ASSERT_EQ(second.lease(b)->outcome, leases::wait);
  ASSERT_EQ(first.fill(late_fill(a, 1h))->outcome, fills::refused);
  const auto names_of = [](raw_client& client) {
    std::vector<std::string> names;
    for (const resp::message& push : client.pushes_so_far()) {
      const lease::push_notice notice = lease::read_push(push);
      if (notice.kind != lease::push_kind::subscribed) {
        names.insert(names.end(), notice.names.begin(), notice.names.end());
      }
    }
    return names;
  };
  EXPECT_EQ(names_of(second.wire()), std::vector<std::string>{std::string{lease_client::key}});
  EXPECT_EQ(names_of(listener), std::vector<std::string>{std::string{lease_client::channel}});
}

TEST_F(scripts_late_fill, LeavesTheOldValueWhenARefreshHasNoTimeLeft) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  ASSERT_EQ(first.fill(first.fill_of(a, "old"))->outcome, fills::stored);
  const auto before = first.stored();
  auto refresh = late_fill(a, 1h);
  refresh.produced_by = b;
  EXPECT_EQ(first.fill(refresh)->outcome, fills::refused);
  EXPECT_EQ(first.stored(), before);
}

TEST_F(scripts_late_fill, OfAnAbsentValueHasNoGrace) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  auto request = late_fill(a, 1min);
  request.absent = true;
  EXPECT_EQ(first.fill(request)->outcome, fills::refused);
  EXPECT_EQ(first.stored(), std::nullopt);
}

TEST_F(scripts_late_fill, CountsFromTheFillWhenTheTimeIsUnknownOrAhead) {
  for (const server_time loaded_at : {lease::fill_request::unknown_time, first.now() + 1h}) {
    ASSERT_EQ(first.lease(a)->outcome, leases::lead);
    auto request = first.fill_of(a, "x");
    request.loaded_at = loaded_at;
    const auto filled = first.fill(request);
    ASSERT_EQ(filled->outcome, fills::stored);
    EXPECT_EQ(first.head().stored_at, filled->now);
    EXPECT_EQ(first.head().until, filled->now + 1min);
    ASSERT_TRUE(first.invalidate());
  }
}

}  // namespace
}  // namespace drover::test
