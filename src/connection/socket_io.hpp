// SPDX-License-Identifier: MIT
// Sockets and the bell: the only file that makes system calls on them. It decides nothing.
//
// Threads: a socket may be sent on by one thread and received from by another at a time, and
//          `hang_up` is safe beside both. A bell may be rung by any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/time.hpp"

namespace drover::connection {

/// An address to connect to, as the operating system has it.
struct address {
  int family = 0;
  std::string bytes;  ///< a sockaddr
};

/// Empty when `path` is too long.
[[nodiscard]] std::optional<address> unix_address(const std::string& path);
/// Empty when `host` is a name.
[[nodiscard]] std::optional<address> numeric_address(const std::string& host, std::uint16_t port);
/// Asks the resolver, and may block for long. Empty: no such host.
[[nodiscard]] std::vector<address> look_up_addresses(const std::string& host, std::uint16_t port);

enum class transfer_status : std::uint8_t {
  moved,        ///< `bytes` > 0 were moved
  would_block,  ///< nothing to read, no room to write, or the wait is over
  ended,        ///< the peer has closed, or the connection is broken
};

struct transfer {
  transfer_status status = transfer_status::ended;
  std::size_t bytes = 0;
};

class stream_socket {
 public:
  stream_socket() = default;
  ~stream_socket();
  stream_socket(stream_socket&& other) noexcept;
  stream_socket& operator=(stream_socket&& other) noexcept;

  /// Begins to connect. Not open when that failed at once; `error` then says why.
  [[nodiscard]] static stream_socket connecting_to(const address& where, std::error_code& error);
  /// Call it once writable after `connecting_to`: no error when connected, else the reason.
  [[nodiscard]] std::error_code connect_error() const noexcept;
  /// From here on it is blocking: `receive_or_wait` waits for at most `wait_max`.
  void begin_traffic(milliseconds wait_max) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  [[nodiscard]] transfer send(std::string_view bytes) const noexcept;   ///< never blocks
  [[nodiscard]] transfer receive(std::span<char> into) const noexcept;  ///< never blocks
  /// A signal may end the wait early. To wait on, ask a clock for the time that is left.
  [[nodiscard]] transfer receive_or_wait(std::span<char> into) const noexcept;
  /// Ends both directions. Threads that wait in a call above return.
  void hang_up() const noexcept;

 private:
  explicit stream_socket(int descriptor) noexcept : descriptor_{descriptor} {}

  int descriptor_ = -1;
};

/// Wakes a thread from `wait_for`. Stays rung until `hush`.
class bell {
 public:
  /// Throws std::system_error when no descriptor is left.
  bell();
  ~bell();
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;

  void ring() const noexcept;
  void hush() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// What to wait for on a socket, and what came.
struct readiness {
  bool input = false;
  bool output = false;
  bool hang_up = false;  ///< the peer has closed; data may be left
};

/// Waits until `wake` rings, the socket (if any) is ready as asked, `until` has passed, or a signal
/// comes. Returns what the socket is ready for.
[[nodiscard]] readiness wait_for(const bell& wake, const stream_socket* socket, readiness interest,
                                 std::optional<steady_time> until) noexcept;

}  // namespace drover::connection
