// SPDX-License-Identifier: MIT
// The few commands that the hand-written strategies need, over the library's own connection: what
// is compared is the strategy, not the client.
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

/// How long a connect or a silence of Redis is borne. Long: a busy machine is not a fault of Redis.
/// A Redis that was killed is noticed at once all the same, since it refuses connections.
inline constexpr std::chrono::milliseconds patience{10'000};

/// Redis is away, or refuses a command. What client libraries call RedisError.
class redis_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Every member blocks for one exchange and throws redis_error. While Redis is away it throws at
/// once; when Redis is back it is noticed within a tenth of a second, by itself.
class redis_commands {
 public:
  /// Connects with the first command. Throws std::runtime_error for a URL that cannot be meant.
  explicit redis_commands(const std::string& url);

  [[nodiscard]] std::optional<std::string> get(std::string_view key);
  /// SETEX, in milliseconds: SET key value PX ttl.
  void set_px(std::string_view key, std::string_view value, std::chrono::milliseconds ttl);
  /// SET key value NX PX ttl: true when the key was not there and is now.
  [[nodiscard]] bool set_nx_px(std::string_view key, std::string_view value,
                               std::chrono::milliseconds ttl);
  void del(std::initializer_list<std::string_view> keys);
  /// EVAL of a script with one key and one argument that answers an integer.
  std::int64_t eval(std::string_view script, std::string_view key, std::string_view argument);
  /// The server's clock.
  [[nodiscard]] server_time time();
  /// Any command: its reply, which is no error.
  [[nodiscard]] resp::message exchange(std::span<const std::string_view> arguments);

 private:
  connection::channel channel_;
};

}  // namespace drover::simulate
