// SPDX-License-Identifier: MIT
#include "cluster/slot_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/random.hpp"

namespace drover::cluster::slot_map_test {
namespace {

node node_at(std::uint16_t port, std::string id = {}, bool has_failed = false) {
  return {.at = {"10.0.0.1", port}, .id = std::move(id), .has_failed = has_failed};
}

slot_map halves() {
  slot_map map;
  map.assign(0, 8191, map.add_primary(node_at(1, "a")).value());
  map.assign(8192, 16383, map.add_primary(node_at(2, "b")).value());
  return map;
}

TEST(slot_map, WithoutNodesHasNoOwner) {
  const slot_map map;
  EXPECT_EQ(map.owner_of(0), nullptr);
  EXPECT_EQ(map.owner_of(16383), nullptr);
  EXPECT_EQ(map.owner_of(65535), nullptr) << "no slot";
  EXPECT_EQ(map.covered(), 0U);
}

TEST(slot_map, KnowsTheOwnerOfEachSlot) {
  const slot_map map = halves();
  EXPECT_TRUE(map.is_complete());
  EXPECT_EQ(map.owner_of(0)->id, "a");
  EXPECT_EQ(map.owner_of(8191)->id, "a");
  EXPECT_EQ(map.owner_of(8192)->id, "b");
  EXPECT_EQ(map.owner_of(16383)->id, "b");
}

TEST(slot_map, TheFirstOfSeveralOwnersStaysUnlessItHasFailed) {
  slot_map map;
  map.assign(0, 99, map.add_primary(node_at(1, "a")).value());
  map.assign(50, 149, map.add_primary(node_at(2, "failed", true)).value());
  map.assign(90, 199, map.add_primary(node_at(3, "c")).value());
  EXPECT_EQ(map.owner_of(99)->id, "a");
  EXPECT_EQ(map.owner_of(100)->id, "c");
  EXPECT_EQ(map.owner_of(149)->id, "c");
  EXPECT_EQ(map.covered(), 200U);
}

TEST(slot_map, NotesTheNewsOfARedirect) {
  slot_map map = halves();
  ASSERT_TRUE(map.add_replica({"10.0.0.1", 3}));
  map.move(5, {"10.0.0.1", 2});
  EXPECT_EQ(map.owner_of(5)->id, "b");
  map.move(6, {"10.0.0.1", 3});
  EXPECT_EQ(map.owner_of(6)->at.port, 3);
  EXPECT_TRUE(map.replicas().empty()) << "it is a primary now";
  EXPECT_EQ(map.owner_of(4)->id, "a");
  EXPECT_TRUE(map.is_complete());
}

TEST(slot_map, OnlySlotsWithAnotherOwnerHaveMoved) {
  const slot_map before = halves();
  slot_map after = before;
  EXPECT_TRUE(moved_slots(before, after).none());
  after.move(5, {"10.0.0.1", 2});
  after.move(6, {"10.0.0.1", 9});
  const slot_set moved = moved_slots(before, after);
  EXPECT_EQ(moved.count(), 2U);
  EXPECT_TRUE(moved[5] && moved[6]);
  EXPECT_TRUE(moved_slots(before, slot_map{}).all());

  slot_map replaced;
  replaced.assign(0, 8191, replaced.add_primary(node_at(1, "another")).value());
  replaced.assign(8192, 16383, replaced.add_primary(node_at(2)).value());
  EXPECT_EQ(moved_slots(before, replaced).count(), 8192U)
      << "another server at the address; an id that is unknown says nothing";
}

TEST(slot_map, TheNumberOfNodesIsBounded) {
  slot_map map;
  for (std::size_t i = 0; i < slot_map::nodes_max; ++i) {
    const auto port = static_cast<std::uint16_t>(i + 1);
    ASSERT_TRUE(i % 2 == 0 ? map.add_primary(node_at(port)).has_value()
                           : map.add_replica(node_at(port).at));
  }
  EXPECT_FALSE(map.add_primary(node_at(50000)));
  EXPECT_FALSE(map.add_replica(node_at(50000).at));
  EXPECT_TRUE(map.add_primary(node_at(1))) << "a known one";
  map.move(1, node_at(50000).at);
  EXPECT_EQ(map.owner_of(1), nullptr);
}

// Against a plain array of owners.
TEST(slot_map, AgreesWithItsModelAfterAnyChanges) {
  base::seeded_random random{7};
  for (int run = 0; run < 50; ++run) {
    slot_map map;
    std::array<int, slot_count> owners{};
    std::array<bool, 9> failed{};
    for (int change = 0; change < 30; ++change) {
      const auto port = static_cast<std::uint16_t>(1 + random.next() % 8);
      auto first = static_cast<std::uint16_t>(random.next() % slot_count);
      auto last = static_cast<std::uint16_t>(random.next() % slot_count);
      if (first > last) std::swap(first, last);
      if (random.next() % 4 == 0) {
        map.move(first, node_at(port).at);
        owners[first] = port;
        failed[port] = false;
        continue;
      }
      const bool is_known = std::ranges::any_of(
          map.primaries(), [&](const node& known) { return known.at.port == port; });
      const bool fails = random.next() % 3 == 0;
      const auto number = map.add_primary(node_at(port, {}, fails));
      failed[port] = fails && (!is_known || failed[port]);
      map.assign(first, last, number.value());
      for (std::size_t slot = first; slot <= last; ++slot) {
        const auto owner = static_cast<std::size_t>(owners[slot]);
        if (owner == 0 || (failed[owner] && !failed[port])) owners[slot] = port;
      }
    }
    for (std::size_t slot = 0; slot < slot_count; ++slot) {
      const node* const owner = map.owner_of(static_cast<std::uint16_t>(slot));
      ASSERT_EQ(owner != nullptr ? owner->at.port : 0, owners[slot]) << run << ' ' << slot;
    }
    ASSERT_EQ(map.covered(), slot_count - static_cast<std::size_t>(std::ranges::count(owners, 0)));
  }
}

}  // namespace
}  // namespace drover::cluster::slot_map_test
