// SPDX-License-Identifier: MIT
// Records from the thread that passes bytes to the thread that looks at them. The giving side never
// waits, not even for memory that the other has: a record is exchanged for a spent one. Those last
// given back are used first, so that what is in use stays small while the taking side keeps up.
//
// Threads: one gives, another takes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/proxy/spsc_ring.hpp"

namespace drover::audit {

class record_queue {
 public:
  struct bounds {
    std::size_t records_max = 65'536;
    std::size_t bytes_max = std::size_t{128} << 20U;  ///< of text in them; about
  };
  explicit record_queue(bounds within);
  /// Both sides have ended.
  ~record_queue();
  record_queue(const record_queue&) = delete;
  record_queue& operator=(const record_queue&) = delete;

  // The giving side.

  /// Exchanges `one` for a spent record. False: there is no room, and `one` stays as it is.
  [[nodiscard]] bool give(std::unique_ptr<record>& one);
  /// Wakes the taking side if it sleeps; for the end of each turn.
  void given() noexcept;
  /// From 0, nothing waits, to 1.
  [[nodiscard]] double fill() const noexcept;

  // The taking side.

  /// Calls `each` for what waits, at most so many. Answers how many there were.
  std::size_t take(std::size_t count_max, const std::function<void(record&)>& each);
  /// Sleeps until something waits, or until it is woken.
  void wait() noexcept;

  /// Ends this `wait`, or the next one. Threads: any.
  void wake() noexcept;

 private:
  /// Weighed once: by the giving side.
  struct weighed {
    record* one = nullptr;
    std::size_t bytes = 0;
  };

  [[nodiscard]] std::unique_ptr<record> spent_record();

  // What is in a ring belongs to it. There are no more records than a ring has places.
  bounds within_;
  spsc_ring<weighed> waiting_;
  spsc_ring<record*> spent_;
  std::vector<std::unique_ptr<record>> free_;  // the giving side's
  std::size_t made_ = 0;
  std::uint64_t given_ = 0;
  std::uint64_t bytes_given_ = 0;
  std::uint64_t known_given_ = 0;  // when `given` was last called
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> bytes_taken_{0};
  std::atomic<std::uint32_t> sleeping_{0};
  std::atomic<bool> woken_{false};
};

/// What a record weighs in memory beyond itself; about.
[[nodiscard]] std::size_t weight(const record& of) noexcept;

}  // namespace drover::audit
