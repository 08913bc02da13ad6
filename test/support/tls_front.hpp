// SPDX-License-Identifier: MIT
// Speaks TLS in front of a server that does not, and does what servers rarely do: it changes its
// keys with each reply, sends its messages in small records, or leaves without a farewell.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "support/certificates.hpp"

namespace drover::test {

/// Threads: any.
class tls_front {
 public:
  struct options {
    certificate_and_key own;
    bool is_old = false;        ///< speaks nothing newer than TLS 1.1
    bool is_tls12 = false;      ///< speaks nothing newer than TLS 1.2
    bool changes_keys = false;  ///< with each reply, and asks the client to do so too
    bool renegotiates = false;  ///< wants to, with each reply; only with TLS 1.2
    bool has_small_records = false;
    bool leaves_in_silence = false;  ///< ends a connection without close_notify
  };

  /// `socket_path`: the unix socket of the server.
  tls_front(options with, std::string socket_path);
  ~tls_front();
  tls_front(const tls_front&) = delete;
  tls_front& operator=(const tls_front&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] unsigned connections() const noexcept;  ///< the complete handshakes so far
  [[nodiscard]] unsigned resumed() const noexcept;      ///< those that resumed a session
  [[nodiscard]] unsigned key_updates() const noexcept;  ///< by this side
  /// Ends all connections.
  void cut() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace drover::test
