// SPDX-License-Identifier: MIT
#include "audit/engine/lock_hold_tracker.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "audit/engine/listener_for_test.hpp"

namespace drover::audit::lock_hold_tracker_test {
namespace {

using namespace testing;

const std::string held_lock = "lock:user:1";
const std::string guarded_user = "user:1";

line acquire(stage& world, std::chrono::microseconds when, std::uint64_t client,
             const std::string& token) {
  return world.at(when).client(client).set(held_lock, token).nx().px(5s);
}

/// A script of commands, and the expected properties of the first hold.
struct hold_case {
  const char* name;
  void (*play)(stage& world);
  lock_hold::ending ending;
  lock_hold::other_remover remover = lock_hold::other_remover::no;
  bool holder_returned = false;
  bool next_win = false;
  bool removed_again = false;
};

using ending = lock_hold::ending;
using other_remover = lock_hold::other_remover;

const std::vector<hold_case> ending_rows{
    {.name = "nothing ends it",
     .play = [](stage& world) { acquire(world, 0ms, 1, "a").ok(); },
     .ending = ending::open},
    {.name = "its holder deletes it",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           world.at(50ms).client(1).del(held_lock).answers(1);
         },
     .ending = ending::removed},
    {.name = "its holder compares and deletes it",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           world.at(50ms).client(1).compare_and_delete(held_lock, "a").answers(1);
         },
     .ending = ending::compare_removed},
    {.name = "another wins after the lease",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           acquire(world, 6s, 2, "b").ok();
         },
     .ending = ending::ran_out,
     .next_win = true},
    {.name = "another wins before the lease can have ended",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           acquire(world, 1s, 2, "b").ok();
         },
     .ending = ending::release_unseen,
     .next_win = true},
    {.name = "the release is reported after the next win",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           acquire(world, 1'000ms, 2, "b").ok();
           world.at(999ms + 500us).client(1).took(2ms).del(held_lock).answers(1);
         },
     .ending = ending::removed,
     .next_win = true},
    {.name = "the holder comes back after its lease",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           acquire(world, 6s, 2, "b").ok();
           world.at(7s).client(1).compare_and_delete(held_lock, "a").answers(0);
         },
     .ending = ending::ran_out,
     .holder_returned = true,
     .next_win = true},
    {.name = "a renewal is refused after the lease",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           world.at(6s).client(1).renew(held_lock, "a", 5s).answers(0);
         },
     .ending = ending::ran_out,
     .holder_returned = true},
    {.name = "a client that had lost deletes it",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           acquire(world, 10ms, 2, "b").nil();
           world.at(50ms).client(2).del(held_lock).answers(1);
         },
     .ending = ending::removed,
     .remover = other_remover::by_process},
    {.name = "a connection of the same process that had lost deletes it",
     .play =
         [](stage& world) {
           world.belongs(500, {1, 2});
           acquire(world, 0ms, 1, "a").ok();
           acquire(world, 10ms, 2, "b").nil();
           world.at(50ms).client(2).del(held_lock).answers(1);
         },
     .ending = ending::removed,
     .remover = other_remover::by_connection},
    {.name = "the lock is deleted once more",
     .play =
         [](stage& world) {
           acquire(world, 0ms, 1, "a").ok();
           world.at(50ms).client(1).del(held_lock).answers(1);
           world.at(60ms).client(2).del(held_lock).answers(0);
         },
     .ending = ending::removed,
     .removed_again = true},
};

TEST(audit_lock_hold_tracker, KnowsHowAHoldEnded) {
  for (const hold_case& row : ending_rows) {
    stage world;
    row.play(world);
    const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
    ASSERT_FALSE(holds.empty()) << row.name;
    const lock_hold& hold = holds.front();
    EXPECT_EQ(hold.number, 1U) << row.name;
    EXPECT_EQ(hold.end.kind, row.ending) << row.name;
    EXPECT_EQ(hold.end.by_other, row.remover) << row.name;
    EXPECT_EQ(hold.after.holder_returned.has_value(), row.holder_returned) << row.name;
    EXPECT_EQ(hold.after.next_win.has_value(), row.next_win) << row.name;
    EXPECT_EQ(hold.end.removed_again.has_value(), row.removed_again) << row.name;
  }
}

/// A stale value is read and its refresh takes the mark, shortly after the process missed another
/// key. Nothing has shown yet which value the mark guards.
void refresh_marked(stage& world) {
  world.at(0ms).client(1).get("user:1.1:v:absent").miss();
  world.at(1ms).client(1).get("user:1.1:v:1").hit();
  world.at(2ms).client(1).set("user:1.1:l:1", "a").nx().px(5s).ok();
}

TEST(audit_lock_hold_tracker, KnowsTheEndOfAMarkThatIsDeletedWithAValue) {
  const std::vector<std::pair<const char*, void (*)(stage&)>> rows{
      {"in one command",
       [](stage& world) {
         world.at(50ms).client(2).del("user:1.1:v:1").key("user:1.1:l:1").answers(2);
       }},
      {"in one command, the mark first",
       [](stage& world) {
         world.at(50ms).client(2).del("user:1.1:l:1").key("user:1.1:v:1").answers(2);
       }},
      {"in one batch",
       [](stage& world) {
         world.at(50ms).client(2).batch(1).del("user:1.1:v:1").answers(1);
         world.at(50ms).client(2).batch(1).del("user:1.1:l:1").answers(1);
       }},
      {"in one transaction, the mark first",
       [](stage& world) {
         world.at(50ms).client(2).exec(3).items(2);
         world.at(50ms).client(2).in(3).del("user:1.1:l:1").answers(1);
         world.at(50ms).client(2).in(3).del("user:1.1:v:1").answers(1);
       }},
  };
  for (const auto& [name, remove] : rows) {
    stage world;
    refresh_marked(world);
    remove(world);
    const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
    ASSERT_EQ(holds.size(), 1U) << name;
    EXPECT_EQ(holds[0].end.kind, ending::removed) << name;
    EXPECT_TRUE(holds[0].end.with_value) << name;
    EXPECT_EQ(holds[0].end.by_other, other_remover::no) << name;
  }
}

TEST(audit_lock_hold_tracker, TakesADeleteOfAnotherKeyInTheSameBatchForNoReason) {
  for (const char* other : {"user:1.1:v:2", "session:7", "statistics"}) {
    stage world;
    refresh_marked(world);
    world.at(50ms).client(1).batch(1).del(other).answers(1);
    world.at(50ms).client(1).batch(1).del("user:1.1:l:1").answers(1);
    const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
    ASSERT_EQ(holds.size(), 1U) << other;
    EXPECT_FALSE(holds[0].end.with_value) << other;
  }
  stage world;
  refresh_marked(world);
  world.at(50ms).client(1).del("user:1.1:v:1").answers(1);
  world.at(51ms).client(1).del("user:1.1:l:1").answers(1);
  EXPECT_FALSE(collect_facts(world).lock_holds.at(0).end.with_value) << "two batches";
}

TEST(audit_lock_hold_tracker, TakesACounterOfTheSameNumberForNoValue) {
  for (const bool lock_first : {true, false}) {
    stage world;
    world.at(0ms).client(1).get("page:7:html").miss();
    world.at(1ms).client(1).set("page:7:lock", "a").nx().px(5s).ok();
    world.at(2ms).client(1).command("INCR").key("page:7:requests").answers(1);
    world.at(40ms).client(1).set("page:7:html", "page").px(60s).ok();
    const char* first = lock_first ? "page:7:lock" : "page:7:requests";
    const char* second = lock_first ? "page:7:requests" : "page:7:lock";
    world.at(50ms).client(1).del(first).key(second).answers(2);
    const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
    ASSERT_EQ(holds.size(), 1U);
    EXPECT_FALSE(holds[0].end.with_value) << lock_first;
  }
}

TEST(audit_lock_hold_tracker, KnowsAnInvalidationOfManyValuesAndTheirLocks) {
  stage world;
  constexpr int count = 100;
  const auto key = [](const char* use, int i) {
    return "user:" + std::to_string(i) + ":" + std::string{use};
  };
  for (int i = 0; i < count; ++i) {
    world.at(10ms * i).client(1).get(key("data", i)).miss();
    world.at(10ms * i + 1ms).client(1).set(key("lock", i), "a").nx().px(60s).ok();
    world.at(10ms * i + 2ms).client(1).set(key("data", i), "user").px(60s).ok();
  }
  line all = world.at(2s).client(2).del(key("data", 0));
  for (int i = 1; i < count; ++i) all.key(key("data", i));
  for (int i = 0; i < count; ++i) all.key(key("lock", i));
  all.answers(2 * count);
  const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
  ASSERT_EQ(holds.size(), static_cast<std::size_t>(count));
  for (const lock_hold& hold : holds) EXPECT_TRUE(hold.end.with_value) << hold.number;
}

TEST(audit_lock_hold_tracker, TakesTwoLocksOfOneNumberForTwoReleases) {
  stage world;
  for (const char* lock : {"lock:order:1", "lock:user:1"}) {
    world.at(0ms).client(1).set(lock, "a").nx().px(5s).ok();
  }
  world.at(50ms).client(1).del("lock:order:1").key("lock:user:1").answers(2);
  const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
  ASSERT_EQ(holds.size(), 2U);
  for (const lock_hold& hold : holds) EXPECT_FALSE(hold.end.with_value);
}

struct ttl_case {
  const char* name;
  void (*play)(stage& world);
  ttl_source source;
  moment ttl;
  std::uint64_t renewals = 0;
};

const std::vector<ttl_case> ttl_rows{
    {"none", [](stage& world) { world.at(0ms).client(1).setnx(held_lock, "a").answers(1); },
     ttl_source::none, moment{}},
    {"with the win", [](stage& world) { acquire(world, 0ms, 1, "a").ok(); },
     ttl_source::same_command, 5s},
    {"by an EXPIRE of its own",
     [](stage& world) {
       world.at(0ms).client(1).setnx(held_lock, "a").answers(1);
       world.at(1ms).client(1).expire(held_lock, 7s).answers(1);
     },
     ttl_source::later, 7s},
    {"by an EXPIRE in the same batch",
     [](stage& world) {
       world.at(0ms).client(1).batch(1).setnx(held_lock, "a").answers(1);
       world.at(0ms).client(1).batch(1).expire(held_lock, 7s).answers(1);
     },
     ttl_source::same_batch, 7s},
    {"and renewed twice",
     [](stage& world) {
       acquire(world, 0ms, 1, "a").ok();
       world.at(1s).client(1).renew(held_lock, "a", 5s).answers(1);
       world.at(2s).client(1).renew(held_lock, "a", 5s).answers(1);
     },
     ttl_source::same_command, 5s, 2},
};

TEST(audit_lock_hold_tracker, KnowsWhichCommandSetTheTtl) {
  for (const ttl_case& row : ttl_rows) {
    stage world;
    row.play(world);
    const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
    ASSERT_EQ(holds.size(), 1U) << row.name;
    EXPECT_EQ(holds[0].ttl.source, row.source) << row.name;
    EXPECT_EQ(holds[0].ttl.duration, row.ttl) << row.name;
    EXPECT_EQ(holds[0].lease.renewals, row.renewals) << row.name;
    EXPECT_EQ(holds[0].lease.ends, row.ttl > moment{}) << row.name;
  }
}

TEST(audit_lock_hold_tracker, CountsTheAttemptsOfTheOthersAndOfTheHolder) {
  stage world;
  acquire(world, 0ms, 1, "a").ok();
  for (int i = 1; i <= 3; ++i) acquire(world, 10ms * i, 2, "b").nil();
  acquire(world, 35ms, 3, "c").nil();
  world.at(50ms).client(1).del(held_lock).answers(1);
  acquire(world, 60ms, 2, "b").ok();
  const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
  ASSERT_EQ(holds.size(), 2U);
  EXPECT_EQ(holds[0].contention.losses, 4U);
  EXPECT_EQ(holds[0].contention.losers, 2U);
  EXPECT_EQ(holds[0].contention.longest_wait, moment(20ms + 200us));
  EXPECT_FALSE(holds[0].retry.last_loss);
  ASSERT_TRUE(holds[1].retry.last_loss);
  EXPECT_EQ(holds[1].retry.last_loss->sent, moment(30ms));
  EXPECT_EQ(holds[1].retry.gap, moment(10ms - 200us));
}

TEST(audit_lock_hold_tracker, FindsTheValueThatTheLockGuards) {
  stage world;
  world.at(0ms).client(1).get(guarded_user).miss();
  acquire(world, 1ms, 1, "a").ok();
  world.at(2ms).client(1).get(guarded_user).miss();
  world.at(50ms).client(1).set(guarded_user, "v").px(60s).ok();
  world.at(51ms).client(1).del(held_lock).answers(1);
  const std::vector<lock_hold> holds = collect_facts(world).lock_holds;
  ASSERT_EQ(holds.size(), 1U);
  const lock_hold::guarded_value& guarded = holds[0].value;
  EXPECT_TRUE(guarded.key.is_set());
  ASSERT_TRUE(guarded.missed);
  EXPECT_EQ(guarded.missed->sent, moment(0ms));
  EXPECT_TRUE(guarded.looked_again);
  EXPECT_TRUE(guarded.missed_again);
  EXPECT_TRUE(guarded.looked_again_at_once);
  ASSERT_EQ(guarded.store_count, 1U);
  EXPECT_EQ(guarded.stores[0].store.sent, moment(50ms));
  EXPECT_EQ(guarded.stores[0].lock_hold, holds[0].number);
}

}  // namespace
}  // namespace drover::audit::lock_hold_tracker_test
