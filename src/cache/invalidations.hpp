// SPDX-License-Identifier: MIT
// Sends this client's invalidations. Repeats those that no server has acknowledged: after every
// reconnect, and after a growing pause while the server answers them with an error. Until a server
// acknowledges an invalidation, its keys are pending in this process: see
// `fetch::invalidation_journal`.
//
// Threads: any. `send` blocks for one reply; the others do not.
#pragma once

#include <drover/result.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/event_reporter.hpp"
#include "cache/guarded.hpp"
#include "fetch/invalidation_journal.hpp"
#include "store/servers.hpp"

namespace drover::detail {

class invalidations {
 public:
  invalidations(std::size_t capacity, event_reporter& reporter)
      : report_{reporter}, journal_{capacity} {}

  /// Sets the servers that receive the invalidations. Call it before every other member.
  void use(store::servers& on) noexcept { servers_ = &on; }
  /// Call it when the client is being destroyed: after that nothing is sent.
  void close() noexcept { closing_ = true; }

  /// Unlinks the values and refresh marks of one key. The journal notes the invalidation before it
  /// is sent, so that a reconnect during the request repeats it. Counts and reports faults.
  [[nodiscard]] result<void> send(cache_part& part, std::string_view key,
                                  const std::vector<std::string>& value_keys,
                                  const std::vector<std::string>& refresh_mark_keys);

  /// True when an entry of this key may be older than an invalidation of this client. One relaxed
  /// load while nothing is pending.
  [[nodiscard]] bool is_pending(std::string_view value_key) noexcept {
    return pending_count_.load(std::memory_order_relaxed) != 0 && is_in_journal(value_key);
  }
  /// Take the stamp before sending a LEASE, and settle the key when the lease is granted: the load
  /// is newer than the invalidations that were pending at the stamp.
  [[nodiscard]] std::uint64_t stamp() noexcept;
  void settle(std::string_view value_key, std::uint64_t asked_at) noexcept;

  /// These slots are about to have another server.
  void slots_moving(const cluster::slot_set& moving) noexcept;
  /// The server of these slots is another one now.
  void slots_moved(const cluster::slot_set& moved) noexcept;
  void server_up(const store::redis_store& on, fetch::invalidation_journal::server which) noexcept;

 private:
  using number = fetch::invalidation_journal::number;
  void repeat(fetch::invalidation_journal::server which,
              const fetch::invalidation_journal::scope& in) noexcept;
  [[nodiscard]] bool is_in_journal(std::string_view value_key) noexcept;
  void acknowledged(number sending) noexcept;
  void failed(number sending) noexcept;
  void send_again(std::span<const fetch::invalidation_journal::sending> due) noexcept;
  void post(number sending, std::span<const std::string> keys) noexcept;
  void retry_due() noexcept;
  void arm_retry() noexcept;
  void count_pending() noexcept DROVER_REQUIRES(mutex_);

  event_reporter& report_;
  store::servers* servers_ = nullptr;
  std::atomic<bool> closing_{false};
  std::atomic<std::size_t> pending_count_{0};

  guard_mutex mutex_;
  fetch::invalidation_journal journal_ DROVER_GUARDED_BY(mutex_);
  bool retry_is_armed_ DROVER_GUARDED_BY(mutex_) = false;
};

}  // namespace drover::detail
