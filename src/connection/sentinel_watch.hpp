// SPDX-License-Identifier: MIT
// Listens to the sentinels for a new primary, so that a client leaves the former one before that
// one refuses writes: what it still accepts is lost. A thread subscribes to one sentinel at a time,
// and goes to the next when that one does not answer.
//
// Threads: construct and destroy on any thread. The destructor waits for the thread, which leaves
//          each wait at once.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "connection/sentinel_discovery.hpp"

namespace drover::connection {

class sentinel_watch {
 public:
  using callback = std::function<void(const host_port& primary)>;

  /// `on_new_primary` is called on the watch's thread. Throws std::system_error when there is no
  /// thread or descriptor for it.
  sentinel_watch(sentinel_settings with, callback on_new_primary);
  ~sentinel_watch();
  sentinel_watch(const sentinel_watch&) = delete;
  sentinel_watch& operator=(const sentinel_watch&) = delete;

 private:
  void run() noexcept;
  void listen_to(const host_port& sentinel);
  [[nodiscard]] readiness wait(const stream_socket* socket, readiness interest,
                               std::optional<steady_time> until) noexcept;
  [[nodiscard]] std::vector<address> addresses_of(const host_port& sentinel);
  void take(const primary_report& report);

  sentinel_settings with_;
  callback on_new_primary_;
  std::optional<primary_report> last_;  ///< the latest that a sentinel has named
  std::atomic<bool> stopping_{false};
  const std::shared_ptr<const bell> wake_;
  std::thread thread_;
};

}  // namespace drover::connection
