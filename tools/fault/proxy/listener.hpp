// SPDX-License-Identifier: MIT
// A listening socket that can stop listening for a while and keeps its port meanwhile.
//
// Threads: one at a time.
#pragma once

#include <uv.h>
#include <drover/result.hpp>

#include "audit/proxy/address.hpp"
#include "audit/proxy/socket_handle.hpp"

namespace drover::faults {

class listener {
 public:
  /// `on_client` is the callback of uv_listen; `data` is that of its handle.
  listener(uv_loop_t* loop, uv_connection_cb on_client, void* data) noexcept
      : loop_{loop}, on_client_{on_client}, data_{data} {}
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  /// Listens. May be called once.
  [[nodiscard]] result<void> open(const audit::address& named, const audit::resolved_address& at);
  /// The address with the actual port.
  [[nodiscard]] const audit::address& address() const noexcept { return named_; }
  /// New connections are refused by the system. Does nothing while it does not listen.
  void pause();
  /// Listens again at the same address. False: not yet, try again later.
  [[nodiscard]] bool resume();
  /// Closes the socket. The loop must run afterwards.
  void close();

  [[nodiscard]] bool is_unix() const noexcept { return at_.is_unix(); }
  [[nodiscard]] uv_stream_t* stream() noexcept { return &handle_->stream; }

 private:
  [[nodiscard]] int listen();
  void close_handle();

  uv_loop_t* loop_;
  uv_connection_cb on_client_;
  void* data_;
  audit::address named_;
  audit::resolved_address at_;
  /// Deleted by its close callback.
  audit::socket_handle* handle_ = nullptr;
  /// While a TCP listener is paused: a socket that is bound to its port. -1: none.
  int kept_ = -1;
};

}  // namespace drover::faults
