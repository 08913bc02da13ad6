// SPDX-License-Identifier: MIT
// Reports events to the observer and counts faults. Exceptions of the observer end here.
//
// Threads: any.
#pragma once

#include <drover/observer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "cache/cache_part.hpp"

namespace drover::detail {

class event_reporter {
 public:
  explicit event_reporter(std::shared_ptr<observer> to) : to_{std::move(to)} {}

  void tell(const event& happened, counters* on) noexcept;
  void tell(event_kind kind, const live_flight& of, duration took = {},
            std::string_view text = {}) noexcept;
  /// Counts the fault and reports it. A lasting one (`unsupported`) is reported once a minute.
  void tell_fault(const fault& why, cache_part* of, std::string_view key) noexcept;
  /// The server refuses this client; reported once a minute.
  void tell_refused(const fault& why) noexcept;

 private:
  /// True once for each minute.
  [[nodiscard]] static bool is_first_this_minute(std::atomic<std::uint64_t>& last) noexcept;

  const std::shared_ptr<observer> to_;
  std::atomic<std::uint64_t> unsupported_told_{0};
  std::atomic<std::uint64_t> refused_told_{0};
};

}  // namespace drover::detail
