// SPDX-License-Identifier: MIT
// Counters of what the origin was really asked, beside what is seen of it in Redis. Each tells
// `origin_loads` records, from a thread of its own, between `start` and the return of `stop`.
#pragma once

#include <drover/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "audit/capture/record.hpp"
#include "audit/proxy/address.hpp"

namespace drover::audit {

/// Whom counters tell. All may be called from any thread.
struct origin_ear {
  std::function<moment()> now;
  std::function<void(record)> tell;
  std::function<void(const std::string& line)> say;  ///< for people: one line
};

class origin_counter {
 public:
  virtual ~origin_counter() = default;
  /// Begins to count from what is there. A fault says in a sentence what is wrong.
  [[nodiscard]] virtual result<void> start() = 0;
  /// Tells what is not told yet, and ends.
  virtual void stop() = 0;
};

/// The number in the key `key` of a Redis server, as INCR counts it; no key is 0.
[[nodiscard]] std::unique_ptr<origin_counter> count_redis_key(const address& server,
                                                              std::string key, origin_ear ear);

/// Lines added to `path` that match `pattern`, a regular expression as in JavaScript. Its group
/// named `key` - (?<key>...) -, or else its first one, is the key that was loaded. The file may be
/// rotated, cut, or not there yet.
[[nodiscard]] std::unique_ptr<origin_counter> count_log_lines(std::string path, std::string pattern,
                                                              origin_ear ear);

/// The first whole number that `command` prints, run by /bin/sh each second at most.
[[nodiscard]] std::unique_ptr<origin_counter> count_by_command(std::string command, origin_ear ear);

/// Requests that pass from `listen` to `target`: HTTP, PostgreSQL and MySQL, see
/// `origin_requests`.
[[nodiscard]] std::unique_ptr<origin_counter> count_connections(const address& listen,
                                                                const address& target,
                                                                origin_ear ear);

}  // namespace drover::audit
