// SPDX-License-Identifier: MIT
// Random commands to the invalidation journal and to a simple model that searches everything each
// time: both must return the same.
#include "fetch/invalidation_journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace drover::fetch::invalidation_journal_model_test {
namespace {

using std::chrono::seconds;
using number = invalidation_journal::number;
using keys = std::vector<std::string>;

constexpr steady_time start{seconds{1000}};
constexpr double middle = 0.5;  // a pause without its spread

struct plain_journal {
  enum class state { sent, waiting, done };
  struct entry {
    number id;
    keys value_keys;
    state now = state::sent;
    steady_time when{};
    std::optional<steady_time> first_done{};
    int failures = 0;
    bool was_pending = false;
    std::map<std::size_t, std::uint64_t> pending{};  // by index of the value key
  };

  std::size_t capacity;
  std::vector<entry> all{};
  number next = 1;
  std::uint64_t stamp = 1;

  void make_pending(entry& invalidation) {
    invalidation.was_pending = true;
    for (std::size_t i = 0; i < invalidation.value_keys.size(); ++i)
      invalidation.pending[i] = stamp;
    ++stamp;
  }
  void forget_old(steady_time now) {
    std::erase_if(all, [&](const entry& invalidation) {
      return invalidation.now == state::done && invalidation.when + seconds{60} <= now;
    });
  }
  number add(const keys& value_keys, steady_time now) {
    forget_old(now);
    if (all.size() >= capacity) {
      auto oldest = all.end();
      for (auto at = all.begin(); at != all.end(); ++at) {
        if (at->now != state::done) continue;
        const bool older = oldest == all.end() ||
                           std::pair{at->when, at->id} < std::pair{oldest->when, oldest->id};
        if (older) oldest = at;
      }
      if (oldest == all.end()) return 0;
      all.erase(oldest);
    }
    all.push_back({.id = next, .value_keys = value_keys});
    return next++;
  }
  entry* sent(number id) {
    for (entry& invalidation : all) {
      if (invalidation.id == id && invalidation.now == state::sent) return &invalidation;
    }
    return nullptr;
  }
  void acknowledged(number id, steady_time now) {
    entry* const invalidation = sent(id);
    if (invalidation == nullptr) return;
    const steady_time first = invalidation->first_done.value_or(now);
    *invalidation = {.id = id,
                     .value_keys = invalidation->value_keys,
                     .now = state::done,
                     .when = first,
                     .first_done = first};
    forget_old(now);
  }
  void failed(number id, steady_time now) {
    entry* const invalidation = sent(id);
    if (invalidation == nullptr) return;
    if (!invalidation->was_pending) make_pending(*invalidation);
    invalidation->now = state::waiting;
    invalidation->when =
        now + std::min(milliseconds{1000}, milliseconds{50} * (1 << invalidation->failures));
    invalidation->failures = std::min(invalidation->failures + 1, 10);
  }
  std::set<keys> send(const std::vector<number>& ids) {
    std::set<keys> out;
    for (entry& invalidation : all) {
      if (std::find(ids.begin(), ids.end(), invalidation.id) == ids.end()) continue;
      invalidation.now = state::sent;
      out.insert(invalidation.value_keys);
    }
    return out;
  }
  std::set<keys> due(steady_time now) {
    std::vector<number> ids;
    for (const entry& invalidation : all) {
      if (invalidation.now == state::waiting && invalidation.when <= now)
        ids.push_back(invalidation.id);
    }
    return send(ids);
  }
  std::set<keys> connection_up(invalidation_journal::server which, steady_time now) {
    const bool is_the_same = which == invalidation_journal::server::same;
    forget_old(now);
    std::vector<number> ids;
    for (entry& invalidation : all) {
      if (which == invalidation_journal::server::another) invalidation.first_done.reset();
      if (invalidation.now == state::done && is_the_same) continue;
      if (!is_the_same || !invalidation.was_pending) make_pending(invalidation);
      ids.push_back(invalidation.id);
    }
    return send(ids);
  }
  void settle(const std::string& key, std::uint64_t lease) {
    for (entry& invalidation : all) {
      std::erase_if(invalidation.pending, [&](const auto& at) {
        return invalidation.value_keys[at.first] == key && at.second < lease;
      });
    }
  }
  [[nodiscard]] std::size_t pending(const std::string& key) const {
    std::size_t count = 0;
    for (const entry& invalidation : all) {
      for (const auto& [index, since] : invalidation.pending) {
        count += invalidation.value_keys[index] == key ? 1U : 0U;
      }
    }
    return count;
  }
};

class both_journals {
 public:
  explicit both_journals(std::uint64_t seed)
      : draws_{seed},
        capacity_{draws_.next() % 12},
        real_{capacity_},
        plain_{.capacity = capacity_} {}

  void step() {
    now_ += microseconds{draws_.next() % 2 == 0 ? 0 : draws_.next() % 400'000};
    if (draws_.next() % 100 == 0) now_ += seconds{30};
    switch (draws_.next() % 8) {
      case 0:
      case 1: add(); break;
      case 2: answer(true); break;
      case 3:
      case 4: answer(false); break;
      case 5: sent_again(real_.due(now_), plain_.due(now_)); break;
      case 6: settle(); break;
      default:
        if (draws_.next() % 4 != 0) break;
        const auto which = static_cast<invalidation_journal::server>(draws_.next() % 3);
        sent_again(real_.connection_up(which, now_), plain_.connection_up(which, now_));
    }
    compare();
  }

 private:
  std::string draw_key() { return key_names_[draws_.next() % key_names_.size()]; }

  // The first key names the invalidation, so that the two can be compared. No reader uses it.
  void add() {
    keys value_keys{std::to_string(++added_)};
    for (std::uint64_t i = draws_.next() % 4; i > 0; --i) value_keys.push_back(draw_key());
    const number id = real_.add(value_keys, value_keys, now_);
    const number plain = plain_.add(value_keys, now_);
    ASSERT_EQ(id == invalidation_journal::not_kept, plain == 0);
    if (plain != 0) sendings_.emplace_back(id, plain);
  }
  void answer(bool well) {
    if (sendings_.empty()) return;
    const auto [id, plain] = sendings_[draws_.next() % sendings_.size()];
    if (well) {
      real_.acknowledged(id, now_);
      plain_.acknowledged(plain, now_);
    } else {
      static_cast<void>(real_.failed(id, now_, middle));
      plain_.failed(plain, now_);
    }
  }
  void sent_again(const std::vector<invalidation_journal::sending>& real,
                  const std::set<keys>& plain) {
    std::set<keys> sent;
    for (const auto& repeat : real) {
      sent.insert(*repeat.keys);
      const auto modelled = std::find_if(plain_.all.begin(), plain_.all.end(),
                                         [&](const plain_journal::entry& candidate) {
                                           return candidate.value_keys == *repeat.keys;
                                         });
      ASSERT_NE(modelled, plain_.all.end());
      // From now on only the answer to this sending counts.
      modelled->id = plain_.next++;
      sendings_.emplace_back(repeat.id, modelled->id);
    }
    EXPECT_EQ(sent.size(), real.size());
    EXPECT_EQ(sent, plain);
  }
  void settle() {
    stamps_.emplace_back(real_.stamp(), plain_.stamp);
    const std::string key = draw_key();
    const auto [real, plain] = stamps_[draws_.next() % stamps_.size()];
    real_.settle(key, real);
    plain_.settle(key, plain);
  }
  void compare() {
    EXPECT_EQ(real_.size(), plain_.all.size());
    std::size_t pending = 0;
    for (const std::string& key : key_names_) {
      EXPECT_EQ(real_.is_pending(key), plain_.pending(key) > 0) << key;
    }
    for (const plain_journal::entry& invalidation : plain_.all)
      pending += invalidation.pending.size();
    EXPECT_EQ(real_.pending_count(), pending);
    std::optional<steady_time> next;
    for (const plain_journal::entry& invalidation : plain_.all) {
      if (invalidation.now != plain_journal::state::waiting) continue;
      next = next ? std::min(*next, invalidation.when) : invalidation.when;
    }
    EXPECT_EQ(real_.next_due(), next);
  }

  const std::array<std::string, 4> key_names_{"a", "b", "c", "d"};

  base::seeded_random draws_;
  std::size_t capacity_;
  invalidation_journal real_;
  plain_journal plain_;
  std::vector<std::pair<number, number>> sendings_;  // of the journal and of the model
  std::vector<std::pair<std::uint64_t, std::uint64_t>> stamps_;
  std::size_t added_ = 0;
  steady_time now_ = start;
};

TEST(invalidation_journal_model, DoesWhatThePlainOneDoesForAllCommands) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    both_journals run{seed};
    for (int i = 0; i < 300 && !HasFailure(); ++i) run.step();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace drover::fetch::invalidation_journal_model_test
