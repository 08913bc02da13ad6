// SPDX-License-Identifier: MIT
// The flights of a process by key. A key has at most one flight that new callers may join, and
// perhaps closed flights whose callers still wait.
//
// Threads: one at a time.
// Bounds:  none in the table: each flight has a caller that waits, or is a refresh. With
//          `flights_max` flights, new flights begin without a lease and no refresh begins
//          (`is_full`).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fetch/flight.hpp"

namespace drover::fetch {

/// How the flight of a caller begins. It decides which flights the caller may join.
enum class beginning : std::uint8_t {
  cold,          ///< by asking for the lease
  bypass,        ///< Redis is away
  bypass_alone,  ///< Redis is slow for this caller: later callers do not share its load
  unstored,      ///< the key is never stored
};

/// `Record` holds a flight; `machine_of(record)` gives it.
template <class Record>
class flight_table {
 public:
  using record_ptr = std::shared_ptr<Record>;

  explicit flight_table(std::size_t flights_max) : flights_max_{flights_max} {}

  /// The flight that a caller may join. Empty: the caller must begin one.
  template <class MachineOf>
  [[nodiscard]] record_ptr open(std::string_view value_key, beginning start,
                                const MachineOf& machine_of) const {
    const auto at = by_key_.find(value_key);
    if (at == by_key_.end()) return nullptr;
    const bool to_bypass = start == beginning::bypass || start == beginning::unstored;
    for (const record_ptr& record : at->second) {
      const flight& machine = machine_of(*record);
      const bool suits = machine.is_alone() == (start == beginning::bypass_alone);
      if (suits && machine.is_open(to_bypass)) return record;
    }
    return nullptr;
  }

  /// Throws `std::bad_alloc`; nothing has changed then.
  void enter(std::string_view value_key, record_ptr flight) {
    auto at = by_key_.find(value_key);
    if (at == by_key_.end()) {
      list alone{std::move(flight)};
      by_key_.emplace(value_key, std::move(alone));
    } else {
      at->second.push_back(std::move(flight));
    }
    ++size_;
  }

  void remove(std::string_view value_key, const Record& flight) noexcept {
    const auto at = by_key_.find(value_key);
    if (at == by_key_.end()) return;
    size_ -= std::erase_if(at->second,
                           [&](const record_ptr& record) { return record.get() == &flight; });
    if (at->second.empty()) by_key_.erase(at);
  }

  /// The flights of one key.
  [[nodiscard]] std::vector<record_ptr> of_key(std::string_view value_key) const {
    const auto at = by_key_.find(value_key);
    return at == by_key_.end() ? list{} : at->second;
  }

  template <class Predicate>
  [[nodiscard]] std::vector<record_ptr> all(const Predicate& predicate) const {
    list out;
    for (const auto& [key, flights] : by_key_) {
      std::copy_if(flights.begin(), flights.end(), std::back_inserter(out),
                   [&](const record_ptr& record) { return predicate(*record); });
    }
    return out;
  }

  /// The first flight of one key, or of all keys, that the predicate accepts.
  template <class Predicate>
  [[nodiscard]] record_ptr find(std::optional<std::string_view> value_key,
                                const Predicate& predicate) const noexcept {
    const auto first = [&](const list& flights) -> record_ptr {
      const auto at = std::find_if(flights.begin(), flights.end(),
                                   [&](const record_ptr& record) { return predicate(*record); });
      return at == flights.end() ? nullptr : *at;
    };
    if (value_key) {
      const auto at = by_key_.find(*value_key);
      return at == by_key_.end() ? nullptr : first(at->second);
    }
    for (const auto& [key, flights] : by_key_) {
      if (record_ptr record = first(flights)) return record;
    }
    return nullptr;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_full() const noexcept { return size_ >= flights_max_; }

 private:
  using list = std::vector<record_ptr>;
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  const std::size_t flights_max_;
  std::size_t size_ = 0;
  std::unordered_map<std::string, list, hash, std::equal_to<>> by_key_;
};

}  // namespace drover::fetch
