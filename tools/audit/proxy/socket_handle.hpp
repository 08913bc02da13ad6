// SPDX-License-Identifier: MIT
// One stream of libuv, TCP or unix socket. A handle's memory must stay until its close callback has
// run: see `relay`.
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

/// An address that can be connected to without asking anybody.
struct resolved_address {
  sockaddr_storage tcp{};
  std::string path{};  ///< not empty: a unix socket

  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  [[nodiscard]] const sockaddr* socket_address() const noexcept {
    return reinterpret_cast<const sockaddr*>(&tcp);
  }
};

void init_handle(uv_loop_t* loop, socket_handle& handle, bool is_unix) noexcept;

/// What makes the peer see a reset instead of an end once the handle is closed. A unix socket knows
/// none: its peer sees an end.
void arm_reset(socket_handle& handle) noexcept;

/// Whether the kernel holds an error of it that nobody has been told, as a reset. It is told now.
[[nodiscard]] bool has_error(const socket_handle& handle) noexcept;

/// Without delay, and asking after a peer that is silent for long, as Redis does.
void tune(socket_handle& handle) noexcept;

}  // namespace drover::audit
