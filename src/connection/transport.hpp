// SPDX-License-Identifier: MIT
// A connected socket with or without TLS, as the channel uses it: its writer sends, its reader
// receives, both at the same time. Without TLS each function is that of the socket.
//
// Threads: `shake` and `close` while no other call is in progress; `send` by the writer; `receive`,
//          `receive_or_wait` and `has_input` by the reader; all others from any thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connection/socket_io.hpp"
#include "connection/tls.hpp"

namespace drover::connection {

class transport {
 public:
  enum class shaken : std::uint8_t { done, not_yet, failed };

  transport() = default;
  explicit transport(stream_socket on) noexcept : socket_{std::move(on)} {}

  [[nodiscard]] const stream_socket& socket() const noexcept { return socket_; }
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  [[nodiscard]] std::error_code connect_error() const noexcept { return socket_.connect_error(); }
  void begin_traffic(milliseconds wait_max) noexcept { socket_.begin_traffic(wait_max); }
  void hang_up() const noexcept { socket_.hang_up(); }

  /// From now on all traffic is protected. Throws std::bad_alloc.
  void protect(std::unique_ptr<tls_session> session);
  /// Goes on with the handshake without waiting.
  [[nodiscard]] shaken shake() noexcept;
  /// Says that nothing follows, if that is possible without waiting.
  void close() noexcept;

  /// The bytes that were not sent must come again, first. A result `ended` has a reason in `why`.
  [[nodiscard]] transfer send(std::string_view bytes) noexcept;
  [[nodiscard]] transfer receive(std::span<char> into) noexcept;
  [[nodiscard]] transfer receive_or_wait(std::span<char> into) noexcept;

  /// The next `receive` would not only look at the socket.
  [[nodiscard]] bool has_input() const noexcept { return session_ && session_->has_input(); }
  /// `send` waits for the reader, and not for room in the socket.
  [[nodiscard]] bool writer_wants_input() const noexcept {
    return session_ && session_->writer_wants_input();
  }
  /// Bytes of the handshake wait for room in the socket.
  [[nodiscard]] bool has_unsent() const noexcept { return sent_ < sealed_.size(); }
  /// Why TLS ended the connection; null when it did not.
  [[nodiscard]] const fault* why() const noexcept;

 private:
  [[nodiscard]] transfer send_sealed() noexcept;
  [[nodiscard]] transfer open(std::span<char> into, bool waits) noexcept;

  stream_socket socket_;
  std::unique_ptr<tls_session> session_;
  std::string sealed_;         // used by the writer only
  std::size_t sent_ = 0;       // the bytes of `sealed_` that were sent
  std::size_t accepted_ = 0;   // the plain bytes that are in `sealed_`
  std::vector<char> arrived_;  // used by the reader only
};

/// As `wait_for` of the socket. Input that is already there counts.
[[nodiscard]] readiness wait_for(const bell& wake, const transport* on, readiness interest,
                                 std::optional<steady_time> until) noexcept;

}  // namespace drover::connection
