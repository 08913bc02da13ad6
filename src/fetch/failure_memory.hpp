// SPDX-License-Identifier: MIT
// The failed loads of this process, remembered until their pauses end: callers within the pause get
// the same exception object, and none of them starts a doomed load.
//
// The destructor of an exception is the user's code and may call the cache. So this class destroys
// no exception: it returns dropped ones, and the caller destroys them outside its lock.
//
// Threads: one at a time.
// Bounded: over `capacity` (at least 1) the failure whose pause ends first is dropped.
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
  std::exception_ptr exception;
  entry::token token{};  ///< the token of the lease or bypass under which the load failed
  std::uint32_t attempts = 1;
  steady_time until{};
};

class failure_memory {
  struct kept_failure {
    remembered_failure failure;
    /// Points into the table; invalid once the failure is dropped.
    const std::string* key = nullptr;
  };
  using shelf = std::multimap<steady_time, kept_failure>;  ///< sorted by the end of the pause

 public:
  explicit failure_memory(std::size_t capacity) noexcept
      : capacity_{std::max<std::size_t>(capacity, 1)} {}

  /// Failures that are no longer remembered. Destroy them outside the lock.
  using dropped = shelf;

  /// Replaces the remembered failure of the key. Also drops some failures whose pause ends a minute
  /// or more before the new one.
  dropped remember(std::string_view value_key, remembered_failure failure);
  dropped forget(std::string_view value_key) noexcept;
  /// The failure of `value_key` if its pause still runs.
  [[nodiscard]] std::optional<remembered_failure> find(std::string_view value_key,
                                                       steady_time now) const noexcept;
  /// The remembered number of failed loads in a row. It is kept for a minute after the end of the
  /// pause.
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
