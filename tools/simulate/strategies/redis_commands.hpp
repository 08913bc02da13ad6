// SPDX-License-Identifier: MIT
// The few commands of the hand-written strategies, over the library's own connection. The
// simulation compares strategies, not clients.
//
// Threads: every member from any thread; all share one connection.
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

/// The limit for a connect and for a reply of Redis. It is long because a busy machine is not a
/// fault of Redis. A killed Redis is still noticed at once, because it refuses connections.
inline constexpr std::chrono::milliseconds patience{10'000};

/// Redis is away, or refuses a command. What client libraries call RedisError.
class redis_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Every member blocks for one exchange and throws redis_error. While Redis is away it throws at
/// once. It reconnects within a tenth of a second after Redis is back.
class redis_commands {
 public:
  /// Connects with the first command. Throws std::runtime_error for an invalid URL.
  explicit redis_commands(const std::string& url);

  [[nodiscard]] std::optional<std::string> get(std::string_view key);
  /// SET key value PX ttl: as SETEX, in milliseconds.
  void set_px(std::string_view key, std::string_view value, std::chrono::milliseconds ttl);
  /// SET key value NX PX ttl: true when the key was absent and is now set.
  [[nodiscard]] bool set_nx_px(std::string_view key, std::string_view value,
                               std::chrono::milliseconds ttl);
  void del(std::initializer_list<std::string_view> keys);
  /// EVAL of a script with one key and one argument. It must return an integer.
  std::int64_t eval(std::string_view script, std::string_view key, std::string_view argument);
  /// The server's clock.
  [[nodiscard]] server_time time();
  /// Any command. Returns its reply, which is no error.
  [[nodiscard]] resp::message exchange(std::span<const std::string_view> arguments);

 private:
  connection::channel channel_;
};

}  // namespace drover::simulate
