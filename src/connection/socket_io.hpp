// SPDX-License-Identifier: MIT
// Sockets and the bell. Only this layer makes system calls on them; it makes no decisions.
//
// Threads: a socket may be sent on by one thread and received from by another at a time, and
//          `hang_up` may be called at the same time. A bell may be rung by any thread.
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

/// An address to connect to, in the format of the operating system.
struct address {
  int family = 0;
  std::string bytes;  ///< a sockaddr
  /// The name or address by which somebody has named this host, when that is not the host of the
  /// URL. With TLS the certificate must be for it.
  std::string host{};
};

/// Empty when `path` is too long.
[[nodiscard]] std::optional<address> unix_address(const std::string& path);
/// Empty when `host` is not a numeric address.
[[nodiscard]] std::optional<address> numeric_address(const std::string& host, std::uint16_t port);
/// Asks the resolver, and may block for a long time. Empty: the host does not exist.
[[nodiscard]] std::vector<address> look_up_addresses(const std::string& host, std::uint16_t port);

enum class transfer_status : std::uint8_t {
  moved,        ///< `bytes` > 0 were moved
  would_block,  ///< nothing to read, no room to write, or the wait has ended
  ended,        ///< the peer has closed, or the connection is broken
};

struct transfer {
  transfer_status status = transfer_status::ended;
  std::size_t bytes = 0;
  std::size_t sealed_bytes = 0;  ///< received bytes of TLS that may not be whole yet
  bool frees_writer = false;     ///< with TLS: a writer that waited for the reader may go on
};

class stream_socket {
 public:
  stream_socket() = default;
  ~stream_socket();
  stream_socket(stream_socket&& other) noexcept;
  stream_socket& operator=(stream_socket&& other) noexcept;

  /// Begins to connect. The result is not open when that failed at once; `error` then has the
  /// reason.
  [[nodiscard]] static stream_socket connecting_to(const address& where, std::error_code& error);
  /// Call it when the socket is writable after `connecting_to`. No error: it is connected.
  [[nodiscard]] std::error_code connect_error() const noexcept;
  /// Makes the socket blocking: `receive_or_wait` waits for at most `wait_max`.
  void begin_traffic(milliseconds wait_max) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  [[nodiscard]] transfer send(std::string_view bytes) const noexcept;   ///< never blocks
  [[nodiscard]] transfer receive(std::span<char> into) const noexcept;  ///< never blocks
  /// A signal may end the wait early. To continue the wait, compute the remaining time.
  [[nodiscard]] transfer receive_or_wait(std::span<char> into) const noexcept;
  /// Shuts down both directions. Threads that wait in one of the calls above return.
  void hang_up() const noexcept;

 private:
  explicit stream_socket(int descriptor) noexcept : descriptor_{descriptor} {}

  int descriptor_ = -1;
};

/// Wakes a thread in `wait_for`. It stays rung until `hush`.
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

/// The conditions to wait for on a socket, or those that are met.
struct readiness {
  bool input = false;
  bool output = false;
  bool hang_up = false;  ///< the peer has closed; data may be left
};

/// A socket that `wait_for_any` waits for.
struct watched_socket {
  const stream_socket* socket = nullptr;
  readiness interest;
  readiness came;  ///< the conditions that it meets
};

/// Waits until `wake` rings, one of the sockets meets one of its conditions, `until` has passed, or
/// a signal comes. Sets `came` of each. At most 32 sockets are watched.
void wait_for_any(const bell& wake, std::span<watched_socket> sockets, steady_time until) noexcept;

/// Waits until `wake` rings, the socket (if any) meets one of the conditions `interest`, `until`
/// has passed, or a signal comes. Returns the conditions that the socket meets.
[[nodiscard]] readiness wait_for(const bell& wake, const stream_socket* socket, readiness interest,
                                 std::optional<steady_time> until) noexcept;

}  // namespace drover::connection
