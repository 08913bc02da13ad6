// SPDX-License-Identifier: MIT
// A stream of libuv: TCP or a Unix socket. The memory of a handle must stay valid until its close
// callback has run. See `relay`.
#pragma once

#include <sys/socket.h>
#include <uv.h>

#include <string>

#include "audit/proxy/address.hpp"

namespace drover::audit {

union socket_handle {
  uv_handle_t any;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

/// An address that needs no resolution.
struct resolved_address {
  sockaddr_storage tcp{};
  /// Not empty: a Unix socket.
  std::string path{};

  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  [[nodiscard]] const sockaddr* socket_address() const noexcept {
    return reinterpret_cast<const sockaddr*>(&tcp);
  }
};

void init_handle(uv_loop_t* loop, socket_handle& handle, bool is_unix) noexcept;

/// Makes the close of the handle a reset instead of an end. Has no effect on a Unix socket.
void arm_reset(socket_handle& handle) noexcept;

/// Whether the socket has a pending error, such as a reset. Clears the error.
[[nodiscard]] bool has_error(const socket_handle& handle) noexcept;

/// Sets TCP_NODELAY and keep-alive, as Redis does.
void tune(socket_handle& handle) noexcept;

}  // namespace drover::audit
