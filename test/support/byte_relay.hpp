// SPDX-License-Identifier: MIT
// A TCP relay in front of a port of 127.0.0.1 that knows nothing of what it passes on. It cuts
// connections after a number of bytes, passes on few bytes at a time, changes a byte, or holds
// everything back.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace drover::test {

/// Threads: any.
class byte_relay {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  explicit byte_relay(std::uint16_t to);
  ~byte_relay();
  byte_relay(const byte_relay&) = delete;
  byte_relay& operator=(const byte_relay&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Leads new connections to another port.
  void lead_to(std::uint16_t port) noexcept;

  /// Each new connection ends after so many bytes from the server, or to it.
  void cut_from_server_after(std::uint64_t bytes) noexcept;
  void cut_to_server_after(std::uint64_t bytes) noexcept;
  /// Each new connection changes the byte with this number from the server.
  void damage_from_server_at(std::uint64_t byte) noexcept;
  /// From the server come at most so many bytes at a time.
  void slice(std::size_t bytes) noexcept;
  /// Nothing passes while it holds. Connections are accepted.
  void hold(bool holds) noexcept;
  /// Ends all connections.
  void cut_now() noexcept;

  /// The connections so far.
  [[nodiscard]] unsigned connections() const noexcept;
  /// The bytes from the server of all connections so far.
  [[nodiscard]] std::uint64_t bytes_from_server() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace drover::test
