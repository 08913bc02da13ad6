// SPDX-License-Identifier: MIT
#include "audit/engine/store_tracker.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "audit/engine/listener_for_test.hpp"

namespace drover::audit::store_tracker_test {
namespace {

using namespace testing;

const std::string stored_key = "user:1";

/// A script of commands, and the expected properties of the last settled store.
struct store_case {
  const char* name;
  void (*play)(stage& world);
  std::size_t stores = 1;
  ttl_source source = ttl_source::none;
  moment ttl{};
  bool missed_before = false;
  bool kept = false;
  bool dropped_ttl = false;
};

const std::vector<store_case> settled_rows{
    {.name = "SET without a ttl",
     .play = [](stage& world) { world.at(0ms).client(1).set(stored_key, "v").ok(); }},
    {.name = "SET .. PX",
     .play = [](stage& world) { world.at(0ms).client(1).set(stored_key, "v").px(9s).ok(); },
     .source = ttl_source::same_command,
     .ttl = 9s},
    {.name = "SETEX after a miss",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).get(stored_key).miss();
           world.at(20ms).client(1).setex(stored_key, 9s, "v").ok();
         },
     .source = ttl_source::same_command,
     .ttl = 9s,
     .missed_before = true},
    {.name = "an EXPIRE in a round trip of its own",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").ok();
           world.at(500ms).client(1).expire(stored_key, 9s).answers(1);
         },
     .source = ttl_source::later,
     .ttl = 9s},
    {.name = "an EXPIRE in the same batch",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).batch(1).set(stored_key, "v").ok();
           world.at(0ms).client(1).batch(1).expire(stored_key, 9s).answers(1);
         },
     .source = ttl_source::same_batch,
     .ttl = 9s},
    {.name = "an EXPIRE in the same transaction",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).exec(1).items(2);
           world.at(0ms).client(1).in(1).set(stored_key, "v").ok();
           world.at(0ms).client(1).in(1).expire(stored_key, 9s).answers(1);
         },
     .source = ttl_source::same_transaction,
     .ttl = 9s},
    {.name = "an EXPIRE that comes too late",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").ok();
           world.at(2s).client(2).get("other").miss();
           world.at(3s).client(1).expire(stored_key, 9s).answers(1);
         }},
    {.name = "SET drops the ttl of the value before",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").px(9s).ok();
           world.at(1s).client(1).set(stored_key, "w").ok();
         },
     .stores = 2,
     .dropped_ttl = true},
    {.name = "SET after the ttl has run out drops nothing",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").px(1s).ok();
           world.at(2s).client(1).set(stored_key, "w").ok();
         },
     .stores = 2},
    {.name = "SET .. KEEPTTL",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").px(9s).ok();
           world.at(1s).client(1).set(stored_key, "w").keepttl().ok();
         },
     .stores = 2,
     .kept = true},
    {.name = "a refused SET is no store",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").px(9s).ok();
           world.at(1s).client(1).set(stored_key, "w").nx().nil();
         },
     .source = ttl_source::same_command,
     .ttl = 9s},
};

TEST(audit_store_tracker, KnowsTheTtlOfEachStore) {
  for (const store_case& row : settled_rows) {
    stage world;
    row.play(world);
    const std::vector<settled_store> stores = collect_facts(world).stores;
    ASSERT_EQ(stores.size(), row.stores) << row.name;
    const settled_store& last = stores.back();
    EXPECT_EQ(last.ttl.source, row.source) << row.name;
    EXPECT_EQ(last.ttl.duration, row.ttl) << row.name;
    EXPECT_EQ(last.ttl.expire.has_value(),
              row.source != ttl_source::none && row.source != ttl_source::same_command)
        << row.name;
    EXPECT_EQ(last.missed_before, row.missed_before) << row.name;
    EXPECT_EQ(last.kept, row.kept) << row.name;
    EXPECT_EQ(last.dropped_ttl, row.dropped_ttl) << row.name;
  }
}

struct refresh_case {
  const char* name;
  void (*play)(stage& world);
  std::size_t refreshes = 1;
  bool has_hit = false;
  bool lifetime_known = false;
  moment left{};
};

const std::vector<refresh_case> refresh_rows{
    {.name = "a store of a live value that its client had read",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").px(10s).ok();
           world.at(7s).client(2).get(stored_key).hit("v");
           world.at(8s).client(2).set(stored_key, "w").px(10s).ok();
         },
     .has_hit = true,
     .lifetime_known = true,
     .left = 2s},
    {.name = "a store by a client that had not read it",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").px(10s).ok();
           world.at(8s).client(2).set(stored_key, "w").px(10s).ok();
         },
     .lifetime_known = true,
     .left = 2s},
    {.name = "a store of a value without a ttl",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").ok();
           world.at(8s).client(2).set(stored_key, "w").ok();
         }},
    {.name = "a store after a delete",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).set(stored_key, "v").px(10s).ok();
           world.at(1s).client(1).del(stored_key).answers(1);
           world.at(2s).client(2).set(stored_key, "w").px(10s).ok();
         },
     .refreshes = 0},
    {.name = "a load",
     .play =
         [](stage& world) {
           world.at(0ms).client(1).get(stored_key).miss();
           world.at(20ms).client(1).set(stored_key, "v").px(10s).ok();
         },
     .refreshes = 0},
};

TEST(audit_store_tracker, TellsRefreshesFromLoads) {
  for (const refresh_case& row : refresh_rows) {
    stage world;
    row.play(world);
    const std::vector<refresh> refreshes = collect_facts(world).refreshes;
    ASSERT_EQ(refreshes.size(), row.refreshes) << row.name;
    if (refreshes.empty()) continue;
    EXPECT_EQ(refreshes[0].last_hit.has_value(), row.has_hit) << row.name;
    EXPECT_EQ(refreshes[0].lifetime_known, row.lifetime_known) << row.name;
    if (row.lifetime_known) {
      EXPECT_EQ(refreshes[0].left, row.left) << row.name;
    }
  }
}

}  // namespace
}  // namespace drover::audit::store_tracker_test
