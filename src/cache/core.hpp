// SPDX-License-Identifier: MIT
// The state that all caches of one client share: the store, the flights, the failures, the
// unacknowledged invalidations, and the threads that run loads.
//
// Threads:    any.
// Lifetime:   the last handle, cache or running load destroys it, on any thread: a loader may drop
//             the last reference. No call may be in progress.
// Fork:       a child must not use it: callers check `is_inherited()` first.
#pragma once

#include <drover/client.hpp>
#include <drover/detail/engine.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cache/connection_settings.hpp"
#include "cache/event_reporter.hpp"
#include "cache/failures.hpp"
#include "cache/flight_runner.hpp"
#include "cache/guarded.hpp"
#include "cache/invalidations.hpp"
#include "cache/load_threads.hpp"
#include "store/servers.hpp"

namespace drover::detail {

class core : public std::enable_shared_from_this<core> {
 public:
  core(client_options options, server_access to);
  ~core();
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  [[nodiscard]] const client_options& options() const noexcept { return options_; }
  store::servers& redis() noexcept { return *servers_; }
  event_reporter& report() noexcept { return report_; }
  flight_runner& flights() noexcept { return flights_; }
  failures& remembered() noexcept { return failures_; }
  invalidations& unacknowledged() noexcept { return invalidations_; }

  /// True in a child of `fork`.
  [[nodiscard]] bool is_inherited() const noexcept;

  /// False when the name and schema are taken.
  [[nodiscard]] bool take_name(const std::string& name, std::uint32_t schema);
  void free_name(const std::string& name, std::uint32_t schema) noexcept;
  /// The names of the caches that exist, each once.
  [[nodiscard]] std::vector<std::string> names();

  /// Gives an offered load to a thread or to the user's executor, for callers that may leave.
  /// Returns false when neither accepts it. With `only_if_free`, the load is never queued behind a
  /// busy thread.
  [[nodiscard]] bool load_in_thread(const flight_ptr& flight, bool only_if_free) noexcept;
  /// Drops the refreshes of a cache that no thread has begun.
  void cancel_refreshes(const cache_part& part) noexcept { refresh_threads_.cancel(&part); }

 private:
  [[nodiscard]] bool load_in_background(const flight_ptr& flight, bool only_if_free) noexcept;
  void on_up(const store::redis_store& on, const connection::greeting& hello);
  void tell_if_replica(const store::redis_store& on) noexcept;
  void on_down(const store::redis_store& on, const fault& why);
  void on_moved(const cluster::slot_set& moved);
  void on_waking(const store::redis_store& on, store::wake_mode mode);

  const client_options options_;
  const std::uint32_t born_in_;
  const bool is_unverified_;  ///< TLS accepts any certificate
  event_reporter report_;
  failures failures_;
  invalidations invalidations_;
  flight_runner flights_;

  guard_mutex names_mutex_;
  std::set<std::pair<std::string, std::uint32_t>> names_ DROVER_GUARDED_BY(names_mutex_);

  load_threads refresh_threads_;
  load_threads deadline_threads_;
  std::unique_ptr<store::servers> servers_;
};

}  // namespace drover::detail
