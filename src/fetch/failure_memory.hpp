// SPDX-License-Identifier: MIT
// What this process remembers of its own failed loads until their pause ends: callers within the
// pause get the same exception object instead of a doomed load each.
//
// An exception's destructor is the user's code, and may call the cache. So none runs in here: what
// is dropped is handed out, and the caller destroys it outside its lock.
//
// Threads: one at a time.
// Bounded: past `capacity` (at least 1) the failure that ends first is dropped.
// Memory:  only `remember` allocates. When that throws, nothing has changed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"
#include "entry/token.hpp"

namespace drover::fetch {

struct remembered_failure {
  std::exception_ptr what;
  entry::token of{};  ///< of the lease or bypass under which it failed
  std::uint32_t attempts = 1;
  steady_time until{};
};

class failure_memory {
  struct kept {
    remembered_failure failure;
    const std::string* key = nullptr;  ///< in the table; of a dropped one: nowhere
  };
  using shelf = std::multimap<steady_time, kept>;  ///< by the end of the pause

 public:
  explicit failure_memory(std::size_t capacity) noexcept
      : capacity_{std::max<std::size_t>(capacity, 1)} {}

  /// What is no longer remembered: destroy it outside the lock.
  using dropped = shelf;

  /// Replaces what is remembered of the key. Also drops some of those that ended a minute before
  /// this one will.
  dropped remember(std::string_view value_key, remembered_failure failure);
  dropped forget(std::string_view value_key) noexcept;
  /// The failure of `value_key` if its pause still runs.
  [[nodiscard]] std::optional<remembered_failure> find(std::string_view value_key,
                                                       steady_time now) const noexcept;
  /// Failed loads in a row as remembered, also after the pause while it lasted less than a minute
  /// ago.
  [[nodiscard]] std::uint32_t attempts(std::string_view value_key, steady_time now) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return by_end_.size(); }

 private:
  struct key_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using key_table = std::unordered_map<std::string, shelf::iterator, key_hash, std::equal_to<>>;

  void drop(key_table::iterator at, dropped& out) noexcept;

  std::size_t capacity_;
  shelf by_end_;
  key_table by_key_;
};

}  // namespace drover::fetch
