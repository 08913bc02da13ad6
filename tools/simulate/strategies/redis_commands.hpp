// SPDX-License-Identifier: MIT
// The Redis commands of the hand-written strategies. They use the library's own connection, because
// the simulation compares strategies, not clients.
//
// Threads: any. All threads share one connection.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "connection/channel.hpp"

namespace drover::simulate {

/// The limit for a connect and for a reply of Redis. It is long so that a busy machine does not
/// count as a fault of Redis. A killed Redis is still detected at once, because it refuses
/// connections.
inline constexpr std::chrono::milliseconds patience{10'000};

/// Redis is away, or it refuses a command. Client libraries call this RedisError.
class redis_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Each function blocks for one exchange, and throws redis_error if it fails. While Redis is away,
/// it throws at once. The connection is restored within 0.1 s after Redis is back.
class redis_commands {
 public:
  /// Connects at the first command. Throws std::runtime_error for an invalid URL.
  explicit redis_commands(const std::string& url);

  [[nodiscard]] std::optional<std::string> get(std::string_view key);
  /// SET key value PX ttl: SETEX in milliseconds.
  void set_px(std::string_view key, std::string_view value, std::chrono::milliseconds ttl);
  /// SET key value NX PX ttl. Returns whether the key was absent and is now set.
  [[nodiscard]] bool set_nx_px(std::string_view key, std::string_view value,
                               std::chrono::milliseconds ttl);
  void del(std::initializer_list<std::string_view> keys);
  /// EVAL of a script with one key and one argument. The script must return an integer.
  std::int64_t eval(std::string_view script, std::string_view key, std::string_view argument);
  /// TIME: the server's clock.
  [[nodiscard]] server_time time();
  /// Sends any command. Returns the reply, and throws redis_error if the reply is an error.
  [[nodiscard]] resp::message exchange(std::span<const std::string_view> arguments);

 private:
  connection::channel channel_;
};

}  // namespace drover::simulate
