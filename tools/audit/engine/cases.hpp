// SPDX-License-Identifier: MIT
// The cases that a rule collects: their count, the number of opportunities, and the evidence of the
// first three and the worst three. Evidence is built only if it is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/engine/audit_result.hpp"
#include "audit/engine/key_state.hpp"

namespace drover::audit {

class cases {
 public:
  static constexpr std::size_t first_max = 3;
  static constexpr std::size_t worst_max = 3;
  static constexpr std::size_t keys_max = 5;

  std::uint64_t count = 0;
  std::uint64_t opportunities = 0;

  /// Adds one case. A larger `badness` is worse; the unit is the rule's own. `make()` returns the
  /// evidence and is called only if the evidence is kept.
  template <class Make>
  void add(double badness, Make&& make) {
    ++count;
    worst_badness_ = count == 1 || badness > worst_badness_ ? badness : worst_badness_;
    if (wants(badness)) keep(badness, std::forward<Make>(make)());
  }
  /// Adds the cases of `other`.
  void merge(const cases& other);
  [[nodiscard]] bool wants(double badness) const;
  void keep(double badness, evidence proof);

  [[nodiscard]] double worst() const { return worst_badness_; }
  /// The first cases, then the worst of the other cases, the worst first.
  [[nodiscard]] std::vector<evidence> kept_evidence() const;
  /// Example keys, without duplicates.
  [[nodiscard]] std::vector<std::string> keys() const;

 private:
  struct kept_case {
    double badness = 0;
    evidence proof;
  };
  double worst_badness_ = 0;
  std::vector<kept_case> first_;
  std::vector<kept_case> worst_;
};

/// The state that a rule keeps for each pattern. Its size is bounded by the number of patterns.
template <class T>
class per_pattern {
 public:
  T& operator[](const pattern_state& pattern) { return states_[pattern.index]; }
  T& operator[](std::uint32_t pattern) { return states_[pattern]; }
  [[nodiscard]] const T* find(std::uint32_t pattern) const {
    const auto at = states_.find(pattern);
    return at == states_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] auto begin() { return states_.begin(); }
  [[nodiscard]] auto end() { return states_.end(); }
  /// Moves the state of one pattern into that of another one. `T` is a number or has `merge`.
  void unite(std::uint32_t from, std::uint32_t into) {
    const auto at = states_.find(from);
    if (at == states_.end()) return;
    const T moved = std::move(at->second);
    states_.erase(at);
    if constexpr (std::is_arithmetic_v<T>) {
      states_[into] += moved;
    } else {
      states_[into].merge(moved);
    }
  }
  void erase(std::uint32_t pattern) { states_.erase(pattern); }

 private:
  std::unordered_map<std::uint32_t, T> states_;
};

/// The state that a rule keeps for each key. Its size is bounded by the number of keys: the state
/// of a forgotten key is dropped when its slot is used for another key.
template <class T>
class per_key {
 public:
  T& operator[](key_ref key) {
    auto& slot = states_[key.slot];
    if (slot.first != key.generation) {
      slot.first = key.generation;
      slot.second = T{};
    }
    return slot.second;
  }
  [[nodiscard]] T* find(key_ref key) {
    const auto at = states_.find(key.slot);
    return at == states_.end() || at->second.first != key.generation ? nullptr : &at->second.second;
  }
  void erase(key_ref key) { states_.erase(key.slot); }
  /// Calls `use(state)` for the states of all keys.
  template <class Use>
  void for_each(Use&& use) const {
    for (const auto& [slot, entry] : states_) use(entry.second);
  }
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  std::unordered_map<std::uint32_t, std::pair<std::uint32_t, T>> states_;
};

}  // namespace drover::audit
