// SPDX-License-Identifier: MIT
// What this process remembers of its own failed loads until their pause ends: callers within the
// pause get the same exception object instead of a doomed load each.
//
// Threads: one at a time. Bounded: past `capacity` the failure that ends first is forgotten.
#pragma once

#include <cstdint>
#include <exception>
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
 public:
  explicit failure_memory(std::size_t capacity) : capacity_{capacity} {}

  void remember(std::string_view value_key, remembered_failure failure);
  void forget(std::string_view value_key);
  /// The failure of `value_key` if its pause still runs.
  [[nodiscard]] std::optional<remembered_failure> find(std::string_view value_key,
                                                       steady_time now) const;
  /// Failed loads in a row as remembered, also after the pause while it lasted less than a minute
  /// ago.
  [[nodiscard]] std::uint32_t attempts(std::string_view value_key, steady_time now) const;
  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }

 private:
  void make_room(steady_time now);

  std::size_t capacity_;
  std::unordered_map<std::string, remembered_failure> held_;
};

}  // namespace drover::fetch
