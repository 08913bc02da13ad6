// SPDX-License-Identifier: MIT
// Passes records from the proxy's thread to the capture's thread. The producer never waits. Memory
// is reused: the queue exchanges each record for a used one, the last one returned first, so that
// few records exist while the consumer keeps up.
//
// Threads: one producer, one consumer.
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
    /// The approximate size of the texts in the records.
    std::size_t bytes_max = std::size_t{128} << 20U;
  };
  explicit record_queue(bounds limits);
  /// Both threads must have ended.
  ~record_queue();
  record_queue(const record_queue&) = delete;
  record_queue& operator=(const record_queue&) = delete;

  // The producer.

  /// Exchanges `item` for a used record. False: the queue is full, and `item` is unchanged.
  [[nodiscard]] bool push(std::unique_ptr<record>& item);
  /// Wakes the consumer if it sleeps. To be called at the end of each turn.
  void notify_consumer() noexcept;
  /// From 0 (empty) to 1.
  [[nodiscard]] double fill() const noexcept;

  // The consumer.

  /// Calls `handle` for at most `count_max` records. Returns their number.
  std::size_t pop(std::size_t count_max, const std::function<void(record&)>& handle);
  /// Sleeps until there is a record, or until `wake`.
  void wait() noexcept;

  /// Ends the current or the next `wait`. Threads: any.
  void wake() noexcept;

 private:
  /// A record with its weight, which the producer computes.
  struct weighted_record {
    record* item = nullptr;
    std::size_t bytes = 0;
  };

  [[nodiscard]] std::unique_ptr<record> spent_record();

  // Each ring owns the records in it. There are never more records than a ring has slots.
  bounds limits_;
  spsc_ring<weighted_record> waiting_;
  spsc_ring<record*> spent_;
  // Used by the producer only.
  std::vector<std::unique_ptr<record>> free_;
  std::size_t created_ = 0;  // the number of records that exist
  std::uint64_t pushed_ = 0;
  std::uint64_t bytes_pushed_ = 0;
  std::uint64_t notified_ = 0;  // `pushed_` at the last call of `notify_consumer`
  std::atomic<std::uint64_t> popped_{0};
  std::atomic<std::uint64_t> bytes_popped_{0};
  std::atomic<std::uint32_t> sleeping_{0};
  std::atomic<bool> woken_{false};
};

/// The approximate size of the texts in a record.
[[nodiscard]] std::size_t weight(const record& item) noexcept;

}  // namespace drover::audit
