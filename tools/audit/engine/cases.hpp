// SPDX-License-Identifier: MIT
// What a rule collects: how often, out of how many, and the proof of the first three and the worst
// three. Evidence is made only if it is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
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

  /// One case. `badness`: larger is worse, in the rule's own measure. `make()` gives the evidence
  /// and is called only if it is kept.
  template <class Make>
  void add(double badness, Make&& make) {
    ++count;
    worst_badness_ = count == 1 || badness > worst_badness_ ? badness : worst_badness_;
    if (wants(badness)) keep(badness, std::forward<Make>(make)());
  }
  /// Those of `other` as well.
  void merge(const cases& other);
  [[nodiscard]] bool wants(double badness) const;
  void keep(double badness, evidence proof);

  [[nodiscard]] double worst() const { return worst_badness_; }
  /// The first ones, and then the worst that are not among them, the worst first.
  [[nodiscard]] std::vector<evidence> kept_evidence() const;
  /// Examples, each once.
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

/// A rule's own state for each pattern. Bounded as patterns are.
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

 private:
  std::unordered_map<std::uint32_t, T> states_;
};

/// A rule's own state for each key. Bounded as keys are: that of a forgotten key is dropped when
/// its slot gets another.
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
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  std::unordered_map<std::uint32_t, std::pair<std::uint32_t, T>> states_;
};

}  // namespace drover::audit
