// SPDX-License-Identifier: MIT
// The fence without scripts, over every order of the commands of two or three loading processes, a
// process that writes and invalidates, and a clock by which leases end. Each command is one step.
// No order may store a value that was read before an invalidation that was executed. The same
// search finds such an order as soon as the comparison is left out, so it is able to.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lease/plain_changes.hpp"

namespace drover::lease::plain_interleavings_test {
namespace {

using namespace std::chrono_literals;

enum class way { comparing, transactions, blind };

constexpr std::size_t loaders = 3;
constexpr std::uint64_t digest = 7;

enum class place : std::uint8_t {
  asks,
  watches_to_take,
  reads_to_take,
  takes,
  reads_origin,
  reads_to_fill,
  watches_to_fill,
  fills,
  ended,
};

struct loader {
  place at = place::asks;
  std::optional<std::string> seen{};   ///< what its last GET returned
  std::optional<key_change> change{};  ///< what it is about to write
  bool is_dirty = false;               ///< the key was changed since its WATCH
  int version = 0;                     ///< what it read from the origin
  int tries = 0;
};

struct state {
  std::optional<std::string> key{};
  int version = 0;            ///< the origin's
  int invalidated = 0;        ///< the version at the last invalidation
  int invalidator_steps = 0;  ///< write, invalidate, write, invalidate
  int ticks = 0;
  std::array<loader, loaders> all{};

  [[nodiscard]] server_time now() const { return server_time{1'700'000'000'000ms + 2s * ticks}; }
  void set_key(std::optional<std::string> to) {
    key = std::move(to);
    for (loader& one : all) one.is_dirty = true;
  }
  [[nodiscard]] std::string text() const {
    std::string out = key.value_or("-") + '|';
    for (const int number : {version, invalidated, invalidator_steps, ticks}) {
      out += static_cast<char>('0' + number);
    }
    for (const loader& one : all) {
      out += static_cast<char>('0' + static_cast<int>(one.at));
      out += one.seen.value_or("-") + '|';
      if (one.change) out += one.change->bytes;
      out += one.is_dirty ? '1' : '0';
      out += static_cast<char>('0' + one.version);
      out += static_cast<char>('0' + one.tries);
    }
    return out;
  }
};

entry::token token_of_loader(std::size_t which) {
  entry::token token;
  token.bytes.fill(static_cast<char>('a' + which));
  return token;
}

lease_request lease_of_loader(std::size_t which) {
  return {.value_key = "k",
          .attempt = token_of_loader(which),
          .lease_ttl = 1s,
          .pending_ttl = 1h,
          .digest = digest};
}

stored_bytes as_stored(const std::optional<std::string>& bytes) {
  return bytes ? stored_bytes{*bytes} : std::nullopt;
}

class search {
 public:
  search(way by, std::size_t count) : by_{by}, count_{count} {}

  /// The number of states. Sets `is_violated`.
  std::size_t run() {
    visit({});
    return seen_.size();
  }
  [[nodiscard]] bool is_violated() const { return is_violated_; }
  [[nodiscard]] int stored() const { return stored_; }
  [[nodiscard]] int taken_over() const { return taken_over_; }

 private:
  void visit(const state& from) {
    if (is_violated_ || !seen_.insert(from.text()).second) return;
    check(from);
    for (std::size_t which = 0; which < count_; ++which) {
      if (from.all[which].at == place::ended) continue;
      state next = from;
      step(next, which);
      visit(next);
    }
    if (from.invalidator_steps < 4) {
      state next = from;
      if (next.invalidator_steps++ % 2 == 0) {
        ++next.version;
      } else {
        next.invalidated = next.version;
        next.set_key(std::nullopt);
      }
      visit(next);
    }
    if (from.ticks < 1) {
      state next = from;
      ++next.ticks;
      visit(next);
    }
  }

  void check(const state& now) {
    if (!now.key) return;
    const entry::decoded read = entry::decode(*now.key);
    if (read.format != entry::decoding::ours || read.head.kind != entry::kind::value) return;
    ++stored_;
    if (std::stoi(std::string{read.payload}) < now.invalidated) is_violated_ = true;
  }

  void step(state& now, std::size_t which) {
    loader& me = now.all[which];
    switch (me.at) {
      case place::asks: return ask(now, which);
      case place::watches_to_take:
        me.is_dirty = false;
        me.at = place::reads_to_take;
        return;
      case place::reads_to_take:
        me.seen = now.key;
        me.change = me.seen ? decide_lease(lease_of_loader(which), *me.seen, now.now()).change
                            : std::nullopt;
        if (!me.change) return again(me);
        me.at = place::takes;
        return;
      case place::takes:
        if (!write(now, me)) return again(me);
        ++taken_over_;
        me.at = place::reads_origin;
        return;
      case place::reads_origin:
        me.version = now.version;
        me.tries = 0;
        me.at = by_ == way::transactions ? place::watches_to_fill : place::fills;
        // The first comparison is with the stub, which was stored as `change`.
        if (by_ != way::transactions) me.seen = me.change->bytes;
        if (by_ != way::transactions) decide_to_fill(now, which);
        return;
      case place::watches_to_fill:
        me.is_dirty = false;
        me.at = place::reads_to_fill;
        return;
      case place::reads_to_fill: me.seen = now.key; return decide_to_fill(now, which);
      case place::fills:
        if (write(now, me) || ++me.tries > 1) {
          end(me);
        } else {
          me.at = by_ == way::transactions ? place::watches_to_fill : place::reads_to_fill;
        }
        return;
      case place::ended: return;
    }
  }

  // SET NX GET, and the decision about what it returns.
  void ask(state& now, std::size_t which) {
    loader& me = now.all[which];
    if (!now.key) {
      me.change = pending_stub(lease_of_loader(which), now.now());
      now.set_key(me.change->bytes);
      me.at = place::reads_origin;
      return;
    }
    me.seen = now.key;
    me.change = decide_lease(lease_of_loader(which), *me.seen, now.now()).change;
    if (!me.change) return end(me);  // it waits, or there is a value
    me.at = by_ == way::transactions ? place::watches_to_take : place::takes;
  }

  void decide_to_fill(state& now, std::size_t which) {
    loader& me = now.all[which];
    const std::string payload = std::to_string(me.version);
    me.change = decide_fill({.value_key = "k",
                             .expected = token_of_loader(which),
                             .produced_by = token_of_loader(which),
                             .times = {.fresh = 1h, .grace = 0ms, .key_ttl = 1h},
                             .digest = digest,
                             .payload = payload,
                             .wake_channel = {}},
                            as_stored(me.seen), now.now())
                    .change;
    if (!me.change) return end(me);
    me.at = place::fills;
  }

  /// The compare-and-set. True when the change was made.
  [[nodiscard]] bool write(state& now, const loader& me) const {
    const bool holds = by_ == way::comparing      ? now.key == me.seen
                       : by_ == way::transactions ? !me.is_dirty
                                                  : true;
    if (!holds) return false;
    now.set_key(me.change->bytes);
    return true;
  }

  static void again(loader& me) {
    if (++me.tries > 1) return end(me);
    me.at = place::asks;
  }
  static void end(loader& me) {
    me = {};
    me.at = place::ended;
  }

  way by_;
  std::size_t count_;  ///< the number of processes that load
  std::unordered_set<std::string> seen_;
  bool is_violated_ = false;
  int stored_ = 0;
  int taken_over_ = 0;
};

void expect_a_fence(way by, std::size_t count) {
  search all{by, count};
  const std::size_t states = all.run();
  EXPECT_FALSE(all.is_violated());
  EXPECT_GT(states, 5'000U);
  EXPECT_GT(all.stored(), 100);
  EXPECT_GT(all.taken_over(), 50);
}

TEST(plain_interleavings, ComparisonsFenceEveryOrder) { expect_a_fence(way::comparing, 3); }

TEST(plain_interleavings, TransactionsFenceEveryOrder) { expect_a_fence(way::transactions, 2); }

TEST(plain_interleavings, WithoutAComparisonAnOldValueIsStored) {
  search all{way::blind, 2};
  static_cast<void>(all.run());
  EXPECT_TRUE(all.is_violated());
}

}  // namespace
}  // namespace drover::lease::plain_interleavings_test
