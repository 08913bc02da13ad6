// SPDX-License-Identifier: MIT
// The machines when memory runs out: a call that begins something and fails leaves everything
// unchanged, and a call that ends something or gives it back needs no memory.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>

#include "fetch/failure_memory.hpp"
#include "fetch/holder_watch.hpp"
#include "fetch/invalidation_journal.hpp"
#include "fetch/load_scheduler.hpp"
#include "fetch/load_turns.hpp"

namespace {

thread_local std::optional<int> allocations_left;  // empty: no limit

}  // namespace

// Not inlined: g++ would warn about a mismatched pair of allocation functions.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allocations_left && (*allocations_left)-- <= 0) throw std::bad_alloc{};
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (allocations_left && (*allocations_left)-- <= 0) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace drover::fetch::without_memory_test {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1000}};

/// Allows this many allocations while it lives.
class memory_for {
 public:
  explicit memory_for(int allocations) { allocations_left = allocations; }
  ~memory_for() { allocations_left.reset(); }
  memory_for(const memory_for&) = delete;
  memory_for& operator=(const memory_for&) = delete;
};

/// Runs `begin` on fresh machines, with one more allocation allowed each time, until it succeeds.
/// After each failure `is_unchanged` must hold.
template <class Make, class Begin, class Unchanged>
void run_out_of_memory(const Make& make, const Begin& begin, const Unchanged& is_unchanged) {
  for (int allocations = 0; allocations < 100; ++allocations) {
    auto machine = make();
    try {
      const memory_for few{allocations};
      begin(*machine);
      EXPECT_GT(allocations, 0) << "it needs none";
      return;
    } catch (const std::bad_alloc&) {
    }
    ASSERT_TRUE(is_unchanged(*machine)) << "after " << allocations << " allocations";
    begin(*machine);  // with memory it succeeds as if nothing had failed
  }
  FAIL() << "it never succeeds";
}

const std::string key = "a key that is longer than what a string holds in itself";
const std::string other_key = key + ", another one";

// --- load_scheduler

struct busy_scheduler {
  using scheduler = load_scheduler<std::string>;
  scheduler loads{1, 10};
  scheduler::worker only;
  std::string job = key;

  busy_scheduler() {
    std::string first = "running";
    static_cast<void>(loads.submit_if_free(first));
    loads.thread_started(only, first);
    static_cast<void>(loads.take(only, start));
  }
};

TEST(without_memory, ASchedulerLeavesTheJobWithTheCaller) {
  run_out_of_memory([] { return std::make_unique<busy_scheduler>(); },
                    [](busy_scheduler& in) { static_cast<void>(in.loads.submit(&in, in.job)); },
                    [](busy_scheduler& in) { return in.loads.queued() == 0 && in.job == key; });
}

TEST(without_memory, ASchedulerHandsOutWhatItHas) {
  busy_scheduler in;
  for (int i = 0; i < 3; ++i) {
    in.job = key;
    static_cast<void>(in.loads.submit(&in, in.job));
  }
  std::optional<std::string> next;
  std::list<std::string> cancelled;
  {
    const memory_for none{0};
    next = in.loads.take(in.only, start);
    cancelled = in.loads.cancel(&in);
    static_cast<void>(in.loads.take(in.only, start));
    static_cast<void>(in.loads.may_end(in.only, start, seconds{0}));
  }
  EXPECT_EQ(next, key);
  EXPECT_EQ(cancelled.size(), 2U);
  EXPECT_EQ(in.loads.threads(), 0U);
}

// --- load_turns

TEST(without_memory, AskingForATurnChangesNothing) {
  const auto make = [] {
    auto turns = std::make_unique<load_turns<int>>(1U, 10U);
    static_cast<void>(turns->ask(1));
    return turns;
  };
  run_out_of_memory(
      make, [](load_turns<int>& turns) { static_cast<void>(turns.ask(2)); },
      [](load_turns<int>& turns) { return turns.queued() == 0 && turns.free() == 0; });
}

TEST(without_memory, TurnsAreGivenBackAndHandedOn) {
  load_turns<int> turns{1, 10};
  for (int i = 1; i <= 3; ++i) static_cast<void>(turns.ask(i));
  std::optional<int> next;
  {
    const memory_for none{0};
    turns.leave(2);
    next = turns.give_back();
    static_cast<void>(turns.give_back());
  }
  EXPECT_EQ(next, 3);
  EXPECT_EQ(turns.free(), 1U);
}

// --- failure_memory

remembered_failure failing(const char* text) {
  return {.exception = std::make_exception_ptr(std::runtime_error{text}),
          .until = start + seconds{1}};
}

TEST(without_memory, AFormerFailureStaysRemembered) {
  static const remembered_failure former = failing("former");
  static const remembered_failure latter = failing("latter");
  const auto make = [] {
    auto memory = std::make_unique<failure_memory>(1);
    memory->remember(key, former);
    return memory;
  };
  for (const std::string& failed : {key, other_key}) {
    run_out_of_memory(
        make, [&](failure_memory& memory) { memory.remember(failed, latter); },
        [&](failure_memory& memory) {
          const auto known = memory.find(key, start);
          return memory.size() == 1 && known && known->exception == former.exception;
        });
  }
}

TEST(without_memory, AFailureIsForgotten) {
  failure_memory memory{1};
  memory.remember(key, failing("former"));
  {
    const memory_for none{0};
    memory.forget(key);
  }
  EXPECT_EQ(memory.size(), 0U);
}

// --- invalidation_journal

std::unique_ptr<invalidation_journal> pending_journal() {
  auto journal = std::make_unique<invalidation_journal>(10);
  const auto id = journal->add({key}, {key}, start);
  static_cast<void>(journal->failed(id, start, 0.5));
  return journal;
}

TEST(without_memory, AnInvalidationIsNotedOrNot) {
  run_out_of_memory(
      pending_journal,
      [](invalidation_journal& journal) {
        static_cast<void>(journal.add({key, other_key}, {key, other_key, other_key}, start));
      },
      [](invalidation_journal& journal) {
        return journal.size() == 1 && journal.pending_count() == 1 && journal.is_pending(key) &&
               journal.due(start + seconds{1}).size() == 1;
      });
}

TEST(without_memory, WhatIsDueStaysDue) {
  const auto is_unchanged = [](invalidation_journal& journal) {
    return journal.is_pending(key) && journal.next_due() == start + milliseconds{50};
  };
  run_out_of_memory(
      pending_journal,
      [](invalidation_journal& journal) { static_cast<void>(journal.due(start + seconds{1})); },
      is_unchanged);
  run_out_of_memory(
      pending_journal,
      [](invalidation_journal& journal) {
        static_cast<void>(journal.connection_up(invalidation_journal::server::another, start));
      },
      is_unchanged);
}

TEST(without_memory, AnswersToInvalidationsAreTaken) {
  const auto journal = pending_journal();
  const auto id = journal->due(start + seconds{1}).front().id;
  const auto other = journal->add({other_key}, {other_key}, start);
  bool was_pending = false;
  {
    const memory_for none{0};
    static_cast<void>(journal->failed(other, start, 0.5));
    was_pending = journal->is_pending(other_key);
    journal->settle(other_key, journal->stamp());
    journal->acknowledged(id, start);
  }
  EXPECT_TRUE(was_pending);
  EXPECT_EQ(journal->pending_count(), 0U);
}

// --- holder_watch

TEST(without_memory, AHolderIsWatchedOrNot) {
  run_out_of_memory([] { return std::make_unique<holder_watch>(); },
                    [](holder_watch& holders) { holders.watch(1, 7, {}); },
                    [](holder_watch& holders) { return holders.size() == 0; });
}

TEST(without_memory, HoldersAreAskedForLater) {
  const auto make = [] {
    auto holders = std::make_unique<holder_watch>();
    holders->watch(1, 7, {});
    static_cast<void>(holders->arm(start));
    return holders;
  };
  run_out_of_memory(
      make, [](holder_watch& holders) { static_cast<void>(holders.ask(99)); },
      [](holder_watch& holders) { return holders.arm(start).has_value(); });
}

}  // namespace
}  // namespace drover::fetch::without_memory_test
