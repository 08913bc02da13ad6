// SPDX-License-Identifier: MIT
// Reports events to the observer and counts faults. Catches the observer's exceptions.
//
// Threads: any.
#pragma once

#include <drover/observer.hpp>

#include <memory>
#include <string_view>

#include "cache/cache_part.hpp"
#include "cache/once_a_minute.hpp"

namespace drover::detail {

class event_reporter {
 public:
  explicit event_reporter(std::shared_ptr<observer> receiver) : receiver_{std::move(receiver)} {}

  void tell(const event& happened, counters* on) noexcept;
  void tell(event_kind kind, const live_flight& flight, duration took = {},
            std::string_view text = {}) noexcept;
  /// Counts the fault and reports it. A permanent fault (`unsupported`) is reported at most once a
  /// minute.
  void tell_fault(const fault& why, cache_part* part, std::string_view key) noexcept;
  /// Reports that the server refuses this client, at most once a minute.
  void tell_refused(const fault& why) noexcept;
  /// Reports that the connection could not be authenticated again, at most once a minute.
  void tell_login_failed(const fault& why) noexcept;

 private:
  const std::shared_ptr<observer> receiver_;
  once_a_minute unsupported_told_;
  once_a_minute refused_told_;
  once_a_minute login_failed_told_;
};

}  // namespace drover::detail
