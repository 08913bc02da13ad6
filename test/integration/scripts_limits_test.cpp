// SPDX-License-Identifier: MIT
// The scripts that expire and mark an entry, and all scripts at the limits of the server.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/stored_entries.hpp"

namespace drover::test::scripts_limits_test {
namespace {

using namespace std::string_view_literals;

// ---- expire

TEST_F(scripts, ExpireMakesAValueStaleAndRefusesRefreshesInFlight) {
  store_value();
  envelope head = first.head();
  const server_time before = first.now();
  ASSERT_TRUE(second.expire(b)->applied);
  const envelope expired = first.head();
  EXPECT_GE(expired.until, before);
  EXPECT_LE(expired.until, first.now());
  head.until = expired.until;
  head.flags = envelope::flag_expired_by_hand;
  head.produced_by = b;
  EXPECT_EQ(expired, head);
  EXPECT_EQ(entry::decode(*first.stored()).payload, "payload");
  EXPECT_GT(first.key_ttl(), 59min);
  EXPECT_EQ(first.lease(c)->outcome, leases::hit) << "within grace";
  EXPECT_EQ(first.fill(first.refresh_of(a, c, "begun before"))->outcome, fills::refused);
  EXPECT_EQ(first.fill(first.refresh_of(b, c, "begun after"))->outcome, fills::stored);
  EXPECT_EQ(first.head().flags, 0);
}

TEST_F(scripts, ExpiringTwiceKeepsTheFlagsAndTheEarlierEnd) {
  envelope head{.kind = kind::value,
                .flags = 0xFD,
                .until = server_time{5s},
                .produced_by = a,
                .grace = 10min};
  first.store(head, "x");
  ASSERT_TRUE(first.expire(b)->applied);
  ASSERT_TRUE(first.expire(c)->applied);
  EXPECT_EQ(first.head().flags, 0xFF);
  EXPECT_EQ(first.head().until, server_time{5s});
  EXPECT_EQ(first.head().produced_by, c);
}

TEST_F(scripts, ExpireWithoutGraceDeletes) {
  store_value(1min, 0ms);
  EXPECT_TRUE(first.expire(b)->applied);
  EXPECT_EQ(first.stored(), std::nullopt);
}

TEST_F(scripts, ExpireEndsLeasesFailuresAndAbsence) {
  EXPECT_FALSE(first.expire(c)->applied) << "missing";
  for (const kind stored : {kind::pending, kind::absent, kind::failed, kind::uncacheable}) {
    first.store({.kind = stored, .until = first.now() + 1min, .produced_by = a, .grace = 1min}, "");
    EXPECT_TRUE(second.expire(c)->applied);
    EXPECT_EQ(first.stored(), std::nullopt);
    EXPECT_EQ(first.fill(first.fill_of(a, "old"))->outcome, fills::refused);
  }
}

// ---- refresh mark

TEST_F(scripts, OneRefresherWinsTheMarkAndSeesTheEntry) {
  store_value();
  const auto won = first.take_refresh_mark(b, 1min);
  ASSERT_TRUE(won->won);
  EXPECT_EQ(won->head_bytes, first.stored()->substr(0, entry::envelope_size));
  const auto lost = second.take_refresh_mark(c, 1min);
  EXPECT_FALSE(lost->won);
  EXPECT_EQ(lost->head_bytes, won->head_bytes);
}

TEST_F(scripts, AMarkOverAMissingEntrySaysSo) {
  const auto won = first.take_refresh_mark(b, 1min);
  EXPECT_TRUE(won->won);
  EXPECT_EQ(won->head_bytes, "");
}

TEST_F(scripts, OnlyItsWinnerExtendsAndReleasesAMark) {
  EXPECT_FALSE(first.extend_refresh_mark(b, 1min)->applied);
  EXPECT_FALSE(first.release_refresh_mark(b)->applied);
  ASSERT_TRUE(first.take_refresh_mark(b, 1min)->won);
  EXPECT_FALSE(second.extend_refresh_mark(c, 10min)->applied);
  EXPECT_FALSE(second.release_refresh_mark(c)->applied);
  const auto ttl = [&] {
    return first.wire().command({"PTTL", lease_client::refresh_mark_key}).root().integer();
  };
  EXPECT_LE(ttl(), 60'000);
  EXPECT_TRUE(first.extend_refresh_mark(b, 10min)->applied);
  EXPECT_GT(ttl(), 60'000);
  EXPECT_TRUE(first.release_refresh_mark(b)->applied);
  EXPECT_TRUE(second.take_refresh_mark(c, 1min)->won);
}

// ---- the server's own limits

TEST_F(scripts, WithoutMemoryNothingIsWrittenAndWhatOnlyFreesStillWorks) {
  store_value();
  const auto value = first.stored();
  first.wire().command({"CONFIG", "SET", "maxmemory", "1"});
  const auto expect_overloaded = [](const auto& answer) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, fault_code::overloaded) << answer.error().text;
  };
  EXPECT_EQ(first.lease(b)->outcome, leases::hit) << "a hit writes nothing";
  auto undecodable = first.lease_of(b);
  undecodable.refused = a;
  expect_overloaded(first.lease(undecodable));
  expect_overloaded(first.fill(first.refresh_of(a, b, "x")));
  expect_overloaded(first.promote(a, b));
  EXPECT_EQ(first.stored(), value);
  EXPECT_TRUE(first.expire(b)->applied);
  EXPECT_EQ(first.stored(), std::nullopt) << "what cannot be marked stale may not be served on";

  first.wire().command({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  first.wire().command({"CONFIG", "SET", "maxmemory", "1"});
  expect_overloaded(first.renew(a, 1min));
  expect_overloaded(first.fail(first.failure_of(a)));
  EXPECT_TRUE(first.release(a)->applied);
}

TEST_F(scripts, AfterTheScriptsAreForgottenEveryRequestSaysNoscript) {
  first.wire().command({"SCRIPT", "FLUSH"});
  std::string request;
  lease::write_lease(request, first.lease_of(a), true);
  first.wire().send(request);
  EXPECT_TRUE(lease::read_acknowledged(first.wire().read_reply()));
  EXPECT_TRUE(lease::is_noscript(first.wire().read_reply()));

  request.clear();
  lease::write_load_scripts(request);
  first.wire().send(request);
  for (const lease::script& script : lease::scripts()) {
    EXPECT_EQ(first.wire().read_reply().text, script.sha1) << script.name;
  }
  EXPECT_EQ(first.lease(a)->outcome, leases::lead);
}

TEST_F(scripts, AReplicaRefusesToLease) {
  first.wire().command({"REPLICAOF", "127.0.0.1", "1"});
  const auto answer = first.lease(a);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, fault_code::unreachable) << answer.error().text;
}

TEST_F(scripts, HoldersAreTheClientsThatAreStillConnected) {
  const std::uint64_t other = second.wire().client_id();
  const std::uint64_t self = first.wire().client_id();
  const std::vector<std::uint64_t> clients{other, 123'456'789, self};
  std::string request;
  lease::write_holders(request, clients);
  first.wire().send(request);
  EXPECT_EQ(lease::read_holders(first.wire().read_reply()).value(),
            (std::vector<std::uint64_t>{self, other}));

  request.clear();
  lease::write_holders(request, std::vector<std::uint64_t>{123'456'789});
  first.wire().send(request);
  EXPECT_TRUE(lease::read_holders(first.wire().read_reply()).value().empty());
}

}  // namespace
}  // namespace drover::test::scripts_limits_test
