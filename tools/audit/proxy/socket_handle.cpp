// SPDX-License-Identifier: MIT
#include "audit/proxy/socket_handle.hpp"

namespace drover::audit {
namespace {

constexpr unsigned keepalive_seconds = 300;

}  // namespace

void init_handle(uv_loop_t* loop, socket_handle& handle, bool is_unix) noexcept {
  if (is_unix) {
    uv_pipe_init(loop, &handle.pipe, 0);
  } else {
    uv_tcp_init(loop, &handle.tcp);
  }
}

void arm_reset(socket_handle& handle) noexcept {
  uv_os_fd_t descriptor = -1;
  if (handle.any.type != UV_TCP || uv_fileno(&handle.any, &descriptor) != 0) return;
  const linger at_once{1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool has_error(const socket_handle& handle) noexcept {
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(&handle.any, &descriptor) != 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0;
}

void tune(socket_handle& handle) noexcept {
  if (handle.any.type != UV_TCP) return;
  uv_tcp_nodelay(&handle.tcp, 1);
  uv_tcp_keepalive(&handle.tcp, 1, keepalive_seconds);
}

}  // namespace drover::audit
