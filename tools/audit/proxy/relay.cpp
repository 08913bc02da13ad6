// SPDX-License-Identifier: MIT
#include "audit/proxy/relay.hpp"

#include <utility>

#include "base/assert.hpp"

namespace drover::audit {

relay::relay(uv_loop_t* loop, relay_owner& owner, std::span<char> buffer, std::uint64_t number)
    : loop_{loop}, owner_{owner}, buffer_{buffer}, number_{number} {
  client_.owner = server_.owner = this;
  client_.other = &server_;
  server_.other = &client_;
  client_.towards = direction::to_client;
  server_.towards = direction::to_server;
  client_.handle.any.data = &client_;
  server_.handle.any.data = &server_;
  client_.write.data = client_.shutdown.data = &client_;
  server_.write.data = server_.shutdown.data = &server_;
  connecting_.data = this;
}

bool relay::accept(uv_stream_t* listener, bool is_unix) {
  init_handle(loop_, client_.handle, is_unix);
  client_.is_open = true;
  ++open_handles_;
  if (uv_accept(listener, &client_.handle.stream) != 0) {
    finish(false);
    return false;
  }
  tune(client_.handle);
  return true;
}

void relay::refuse() { finish(true); }

int relay::client_descriptor() const noexcept {
  uv_os_fd_t descriptor = -1;
  return uv_fileno(&client_.handle.any, &descriptor) == 0 ? descriptor : -1;
}

void relay::connect(const resolved_address& server, relay_parts parts) {
  door_ = parts.door;
  rewriter_ = std::move(parts.rewriter);
  tap_ = std::move(parts.watch);
  if (tap_) tap_->attached(*this);
  server_.session = std::move(parts.server_session);
  client_.session = std::move(parts.client_session);
  server_.is_secured = server_.session == nullptr;
  client_.is_secured = client_.session == nullptr;
  init_handle(loop_, server_.handle, server.is_unix());
  server_.is_open = true;
  ++open_handles_;
  if (server.is_unix()) {
    uv_pipe_connect(&connecting_, &server_.handle.pipe, server.path.c_str(), on_connected);
    return;
  }
  int failed = owner_.names_ports() ? name_port() : 0;
  if (failed == 0) {
    failed =
        uv_tcp_connect(&connecting_, &server_.handle.tcp, server.socket_address(), on_connected);
  }
  if (failed == 0) return;
  owner_.server_unreachable(door_, failed);
  finish(true);
}

/// Chooses the port before the connection is opened, so that the other end cannot be first.
int relay::name_port() {
  sockaddr_in from{};
  uv_ip4_addr("127.0.0.1", 0, &from);
  int failed = uv_tcp_bind(&server_.handle.tcp, reinterpret_cast<const sockaddr*>(&from), 0);
  int size = sizeof from;
  if (failed == 0) {
    failed = uv_tcp_getsockname(&server_.handle.tcp, reinterpret_cast<sockaddr*>(&from), &size);
  }
  if (failed == 0) owner_.connecting(number_, ntohs(from.sin_port));
  return failed;
}

void relay::on_connected(uv_connect_t* request, int status) {
  auto& self = *static_cast<relay*>(request->data);
  if (self.finished_) return;
  if (status != 0) {
    self.owner_.server_unreachable(self.door_, status);
    self.finish(true);
    return;
  }
  tune(self.server_.handle);
  self.begin_traffic();
}

/// Does the next handshake, or starts to read from both peers.
void relay::begin_traffic() {
  if (!server_.is_secured) return secure(server_);
  owner_.server_reached(door_);
  if (!client_.is_secured) return secure(client_);
  // What a peer sent with the last message of its handshake has been read already.
  for (side* const from : {&client_, &server_}) {
    resume(*from);
    if (finished_) return;
  }
}

void relay::resume(side& from) {
  if (from.ended || from.failed) return;
  if (from.has_sealed) open_sealed(from);
  if (finished_ || from.has_sealed || from.ended || from.failed || must_wait(from)) return;
  start_reading(from);
}

void relay::start_reading(side& from) {
  const int failed = uv_read_start(&from.handle.stream, on_buffer, on_read);
  if (failed == 0 || failed == UV_EALREADY) return;
  from.failed = true;
  settle();
}

void relay::on_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* out) {
  const auto& self = *static_cast<side*>(handle->data)->owner;
  out->base = self.buffer_.data();
  out->len = self.buffer_.size();
}

void relay::on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  auto& from = *static_cast<side*>(stream->data);
  relay& self = *from.owner;
  if (count > 0) {
    const std::string_view bytes{buffer->base, static_cast<std::size_t>(count)};
    if (from.session) {
      self.take_sealed(from, bytes);
    } else {
      self.receive(from, bytes);
    }
    return;
  }
  if (count == 0) return;
  // libuv reports a reset as an end if bytes arrived with it.
  self.end_reading(from, count == UV_EOF && !has_error(from.handle));
}

void relay::end_reading(side& from, bool is_end) {
  uv_read_stop(&from.handle.stream);
  (is_end ? from.ended : from.failed) = true;
  if (!any_ended_) {
    any_ended_ = true;
    first_ended_is_client_ = &from == &client_;
  }
  if (!from.is_secured && !finished_) {
    // Nothing can be passed on before the handshake is complete.
    if (&from == &server_)
      owner_.tls_failed(door_, true, "the connection ended in the TLS handshake");
    return finish(true);
  }
  if (rewriter_ && &from == &server_) {
    const std::string held = rewriter_->take_held();
    if (!held.empty()) receive_final(from, held);
    if (finished_) return;
  }
  settle();
}

void relay::receive(side& from, std::string_view bytes) {
  if (!rewriter_) return receive_final(from, bytes);
  if (&from == &client_) {
    rewriter_->requested(bytes);
    return receive_final(from, bytes);
  }
  bytes = rewriter_->replied(bytes);
  if (!bytes.empty()) receive_final(from, bytes);
}

/// The bytes are those that the other peer gets.
void relay::receive_final(side& from, std::string_view bytes) {
  if (&from == &server_ && tap_) {
    const std::size_t through = tap_->let_through(bytes);
    if (through < bytes.size()) {
      held_.assign(bytes.substr(through));
      uv_read_stop(&from.handle.stream);
      bytes = bytes.substr(0, through);
    }
  }
  if (!bytes.empty()) pass(from, bytes);
}

void relay::release() {
  if (finished_ || held_.empty()) return;
  is_released_ = true;
  if (!client_.writing) pass_held();
}

void relay::pass_held() {
  const std::string bytes = std::exchange(held_, {});
  is_released_ = false;
  pass(server_, bytes);
  if (finished_ || client_.writing || client_.unwritable) return;
  resume(server_);
}

void relay::pass(side& from, std::string_view bytes) {
  side& to = *from.other;
  if (to.session) return pass_sealed(from, bytes);
  std::size_t written_size = 0;
  if (!to.unwritable) {
    const uv_buf_t out =
        uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
    const int written = uv_try_write(&to.handle.stream, &out, 1);
    if (written > 0) written_size = static_cast<std::size_t>(written);
    to.unwritable = written < 0 && written != UV_EAGAIN;
  }
  if (written_size > 0) {
    owner_.counted(to.towards, written_size);
    if (tap_) tap_->passed(to.towards, bytes.substr(0, written_size));
  }
  if (to.unwritable) {
    // The receiver of these bytes is gone. The bytes that it sent before are still passed on.
    uv_read_stop(&from.handle.stream);
    settle();
    return;
  }
  if (written_size < bytes.size()) write_rest(to, bytes.substr(written_size));
}

void relay::write_rest(side& to, std::string_view rest) {
  uv_read_stop(&to.other->handle.stream);
  to.waiting.assign(rest);
  const uv_buf_t out = uv_buf_init(to.waiting.data(), static_cast<unsigned>(to.waiting.size()));
  to.writing = true;
  if (uv_write(&to.write, &to.handle.stream, &out, 1, on_written) == 0) return;
  to.writing = false;
  to.unwritable = true;
  settle();
}

void relay::on_written(uv_write_t* request, int status) {
  auto& to = *static_cast<side*>(request->data);
  relay& self = *to.owner;
  to.writing = false;
  if (self.finished_) return;
  if (status != 0) {
    to.unwritable = true;
    self.settle();
    return;
  }
  if (!to.session) {
    self.owner_.counted(to.towards, to.waiting.size());
    if (self.tap_) self.tap_->passed(to.towards, to.waiting);
  }
  std::string{}.swap(to.waiting);
  if (!self.client_.is_secured || !self.server_.is_secured) return;
  side& from = *to.other;
  if (&from == &self.server_ && !self.held_.empty()) {
    if (self.is_released_) self.pass_held();
  } else {
    self.resume(from);
  }
  self.settle();
}

void relay::on_end_sent(uv_shutdown_t* request, int status) {
  auto& to = *static_cast<side*>(request->data);
  relay& self = *to.owner;
  if (self.finished_) return;
  if (status == 0) {
    to.end_arrived = true;
  } else {
    to.unwritable = true;
  }
  self.settle();
}

// Passes on ends and resets as the state of both sides requires. To be called after each change.
void relay::settle() {
  if (finished_) return;
  for (side* from : {&client_, &server_}) {
    side& to = *from->other;
    if (to.writing && !to.unwritable) continue;
    if (from->failed) return finish(true);
    // The peer has ended its side and accepts no bytes.
    if (from->unwritable && from->ended) return finish(true);
    if (!from->ended || to.end_sent || to.unwritable) continue;
    to.end_sent = true;
    if (to.session && (!from->session || from->has_said_end)) say_end(to);
    if (uv_shutdown(&to.shutdown, &to.handle.stream, on_end_sent) != 0) {
      to.unwritable = true;
      if (to.ended) return finish(true);
    }
  }
  if (client_.end_arrived && server_.end_arrived) finish(false);
}

void relay::close() {
  if (!finished_) finish(false);
}

void relay::finish(bool by_reset) {
  DROVER_ASSERT(!finished_);
  finished_ = true;
  if (tap_) {
    tap_->ended(first_ended_is_client_);
    tap_.reset();
  }
  close_handle(client_, by_reset);
  close_handle(server_, by_reset);
}

void relay::close_handle(side& closing, bool by_reset) {
  if (!closing.is_open) return;
  closing.is_open = false;
  if (by_reset) arm_reset(closing.handle);
  uv_close(&closing.handle.any, on_closed);
}

void relay::on_closed(uv_handle_t* handle) {
  relay& self = *static_cast<side*>(handle->data)->owner;
  if (--self.open_handles_ == 0) self.owner_.relay_closed(self);
}

}  // namespace drover::audit
