// SPDX-License-Identifier: MIT
// Counters of the loads that reached the origin, which the traffic with Redis does not show. Each
// counter reports `origin_loads` records, from its own thread, between `start` and the return
// of `stop`.
#pragma once

#include <drover/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "audit/capture/record.hpp"
#include "audit/proxy/address.hpp"

namespace drover::audit {

/// Receives the records and messages of a counter. Threads: any.
struct origin_listener {
  std::function<moment()> now;
  std::function<void(record)> tell;
  /// Prints a message of one line.
  std::function<void(const std::string& line)> say;
};

class origin_counter {
 public:
  virtual ~origin_counter() = default;
  /// Starts counting. Earlier loads are not counted. The text of the fault is a sentence.
  [[nodiscard]] virtual result<void> start() = 0;
  /// Reports the loads that are not reported yet, and stops.
  virtual void stop() = 0;
};

/// Counts by the number in the key `key` of a Redis server. A missing key is 0.
[[nodiscard]] std::unique_ptr<origin_counter> count_redis_key(const address& server,
                                                              std::string key,
                                                              origin_listener listener);

/// Counts the lines added to `path` that match `pattern`, a regular expression as in JavaScript.
/// Its group named `key`, (?<key>...), or its first group is the key that was loaded. The file may
/// be rotated, truncated, or created later.
[[nodiscard]] std::unique_ptr<origin_counter> count_log_lines(std::string path, std::string pattern,
                                                              origin_listener listener);

/// Counts by the first integer that `command` prints. /bin/sh runs it at most once a second.
[[nodiscard]] std::unique_ptr<origin_counter> count_by_command(std::string command,
                                                               origin_listener listener);

/// Forwards connections from `listen` to `target` and counts the requests of HTTP, PostgreSQL and
/// MySQL. See `origin_requests`.
[[nodiscard]] std::unique_ptr<origin_counter> count_connections(const address& listen,
                                                                const address& target,
                                                                origin_listener listener);

}  // namespace drover::audit
