// SPDX-License-Identifier: MIT
// The four commands that the hand-written strategies need, over the library's own connection: what
// is compared is the strategy, not the client.
//
// Threads: every member from any thread; all share one connection.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "connection/channel.hpp"

namespace drover::simulate {

/// How long a connect or a silence of Redis is borne. Long: a busy machine is not a fault of Redis,
/// and faults are not what is shown.
inline constexpr std::chrono::milliseconds patience{10'000};

/// Every member blocks for one exchange and throws std::runtime_error when Redis is away or
/// refuses.
class redis_commands {
 public:
  explicit redis_commands(const std::string& url);

  [[nodiscard]] std::optional<std::string> get(std::string_view key);
  void setex(std::string_view key, std::chrono::seconds ttl, std::string_view value);
  /// SET key value NX PX ttl: true when the key was not there and is now.
  [[nodiscard]] bool set_nx_px(std::string_view key, std::string_view value,
                               std::chrono::milliseconds ttl);
  void del(std::string_view key);

 private:
  [[nodiscard]] resp::message exchange(std::span<const std::string_view> arguments);

  connection::channel channel_;
};

}  // namespace drover::simulate
