// SPDX-License-Identifier: MIT
#include "fault/proxy/fault_relay.hpp"

#include <algorithm>
#include <utility>

namespace drover::faults {

fault_relay::fault_relay(uv_loop_t* loop, fault_relay_owner& owner, std::span<char> buffer,
                         std::uint64_t number)
    : loop_{loop}, owner_{owner}, buffer_{buffer}, number_{number}, subject_{number} {
  for (side* each : {&client_, &server_}) {
    each->owner = this;
    each->handle.any.data = each->write.data = each->shutdown.data = each;
  }
  connecting_.data = this;
  uv_timer_init(loop_, &timer_);
  timer_.data = this;
  ++open_handles_;
}

bool fault_relay::accept(uv_stream_t* listener, bool is_unix) {
  audit::init_handle(loop_, client_.handle, is_unix);
  client_.is_open = true;
  ++open_handles_;
  if (uv_accept(listener, &client_.handle.stream) != 0) {
    finish(false);
    return false;
  }
  audit::tune(client_.handle);
  return true;
}

std::uint16_t fault_relay::client_port() const noexcept {
  sockaddr_in from{};
  int size = sizeof from;
  if (client_.handle.any.type != UV_TCP ||
      uv_tcp_getpeername(&client_.handle.tcp, reinterpret_cast<sockaddr*>(&from), &size) != 0 ||
      from.sin_family != AF_INET) {
    return 0;
  }
  return ntohs(from.sin_port);
}

void fault_relay::connect(const audit::resolved_address& server,
                          std::unique_ptr<faulty_stream> stream) {
  stream_ = std::move(stream);
  audit::init_handle(loop_, server_.handle, server.is_unix());
  server_.is_open = true;
  ++open_handles_;
  if (server.is_unix()) {
    uv_pipe_connect(&connecting_, &server_.handle.pipe, server.path.c_str(), on_connected);
    return;
  }
  const int failed =
      uv_tcp_connect(&connecting_, &server_.handle.tcp, server.socket_address(), on_connected);
  if (failed == 0) return;
  owner_.server_unreachable(failed);
  finish(true);
}

void fault_relay::on_connected(uv_connect_t* request, int status) {
  auto& self = *static_cast<fault_relay*>(request->data);
  if (self.is_finished_) return;
  if (status != 0) {
    self.owner_.server_unreachable(status);
    self.finish(true);
    return;
  }
  self.owner_.server_reached();
  audit::tune(self.server_.handle);
  self.is_connected_ = true;
  self.pump();
}

void fault_relay::swallow() {
  is_swallowing_ = true;
  pump();
}

void fault_relay::on_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* out) {
  const auto& self = *static_cast<side*>(handle->data)->owner;
  out->base = self.buffer_.data();
  out->len = self.buffer_.size();
}

void fault_relay::on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  auto& from = *static_cast<side*>(stream->data);
  fault_relay& self = *from.owner;
  if (count == 0 || self.is_finished_) return;
  if (count > 0) {
    self.received(from, {buffer->base, static_cast<std::size_t>(count)});
  } else {
    self.set_reading(from, false);
    // libuv takes a reset for an end when bytes came with it.
    const bool is_end = count == UV_EOF && !audit::has_error(from.handle);
    (is_end ? from.has_ended : from.has_failed) = true;
  }
  self.pump();
}

void fault_relay::received(side& from, std::string_view bytes) {
  if (is_swallowing_) return;
  if (&from == &client_) {
    stream_->client_sent(bytes, owner_.now());
  } else {
    stream_->server_sent(bytes, owner_.now());
  }
}

ending fault_relay::how_it_ends() const {
  return is_swallowing_ ? ending::by_silence : stream_->how_it_ends();
}

bool fault_relay::is_client_served() const {
  return is_swallowing_ || (stream_->is_delivered() && !client_.is_writing);
}

bool fault_relay::is_server_served() const {
  return is_swallowing_ || !server_.is_open || server_.is_unwritable ||
         (stream_->is_forwarded() && !server_.is_writing);
}

void fault_relay::pump() {
  if (is_finished_) return;
  if (!is_swallowing_) {
    write_to_server();
    write_to_client();
  }
  settle();
  if (is_finished_) return;
  read_as_wanted();
  set_timer();
}

void fault_relay::write_to_server() {
  while (!server_.is_writing && server_.is_open) {
    std::string bytes = stream_->take_for_server(owner_.now());
    if (bytes.empty()) return;
    write(server_, std::move(bytes));
  }
}

void fault_relay::write_to_client() {
  while (!client_.is_writing && !client_.is_unwritable) {
    std::string bytes = stream_->take_for_client(owner_.now());
    if (bytes.empty()) return;
    write(client_, std::move(bytes));
  }
}

void fault_relay::write(side& to, std::string bytes) {
  if (to.is_unwritable) return;
  const auto buffer_of = [](std::string& text) {
    return uv_buf_init(text.data(), static_cast<unsigned>(text.size()));
  };
  const uv_buf_t whole = buffer_of(bytes);
  const int written = uv_try_write(&to.handle.stream, &whole, 1);
  if (written < 0 && written != UV_EAGAIN) {
    to.is_unwritable = true;
    return;
  }
  if (written > 0) bytes.erase(0, static_cast<std::size_t>(written));
  if (bytes.empty()) return;
  to.waiting = std::move(bytes);
  const uv_buf_t rest = buffer_of(to.waiting);
  to.is_writing = uv_write(&to.write, &to.handle.stream, &rest, 1, on_written) == 0;
  to.is_unwritable = !to.is_writing;
}

void fault_relay::on_written(uv_write_t* request, int status) {
  auto& to = *static_cast<side*>(request->data);
  to.is_writing = false;
  std::string{}.swap(to.waiting);
  if (status != 0) to.is_unwritable = true;
  to.owner->pump();
}

// Ends of connections, once everything before them has been passed on.
void fault_relay::settle() {
  if (client_.has_failed || client_.is_unwritable) return finish(true);
  switch (how_it_ends()) {
    case ending::none: break;
    case ending::by_end:
      if (is_client_served()) finish(false);
      return;
    case ending::by_reset:
      if (is_client_served()) finish(true);
      return;
    case ending::by_silence:
      // A request before this one may still be on its way to the server.
      if (is_server_served()) drop_server();
      if (client_.has_ended && is_client_served()) finish(false);
      return;
  }
  const bool is_server_gone = server_.has_ended || server_.has_failed;
  if (is_server_gone && is_client_served()) return finish(server_.has_failed);
  if (client_.has_ended && is_connected_ && is_server_served() && !server_.end_is_sent) {
    server_.end_is_sent = true;
    if (uv_shutdown(&server_.shutdown, &server_.handle.stream, [](uv_shutdown_t*, int) {}) != 0) {
      finish(true);
    }
  }
}

void fault_relay::read_as_wanted() {
  const bool is_over = how_it_ends() != ending::none;
  const bool server_takes = is_connected_ && !server_.is_writing && !server_.is_unwritable;
  set_reading(client_,
              !client_.has_ended && (is_over || (server_takes && stream_->wants_client())));
  if (!server_.is_open || !is_connected_) return;
  set_reading(server_, !server_.has_ended && !server_.has_failed && !is_over &&
                           !client_.is_writing && stream_->wants_server());
}

void fault_relay::set_reading(side& from, bool is_wanted) {
  if (from.is_reading == is_wanted || !from.is_open) return;
  from.is_reading = is_wanted;
  if (!is_wanted) {
    uv_read_stop(&from.handle.stream);
  } else if (uv_read_start(&from.handle.stream, on_buffer, on_read) != 0) {
    finish(true);
  }
}

void fault_relay::set_timer() {
  if (is_finished_ || is_swallowing_) return;
  auto next = client_.is_writing ? std::nullopt : stream_->next_at();
  const auto for_server =
      server_.is_writing || !server_.is_open ? std::nullopt : stream_->next_for_server_at();
  if (for_server && (!next || *for_server < *next)) next = for_server;
  if (!next) {
    uv_timer_stop(&timer_);
    return;
  }
  using std::chrono::milliseconds;
  const auto wait = std::chrono::ceil<milliseconds>(*next - owner_.now());
  uv_update_time(loop_);  // a timer counts from the time that the loop knows
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<fault_relay*>(timer->data)->pump(); },
      static_cast<std::uint64_t>(std::max<std::int64_t>(wait.count(), 1)), 0);
}

void fault_relay::drop_server() {
  is_connected_ = false;
  close_side(server_, false);
}

void fault_relay::finish(bool by_reset) {
  if (is_finished_) return;
  is_finished_ = true;
  close_side(client_, by_reset);
  close_side(server_, by_reset);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), [](uv_handle_t* handle) {
    static_cast<fault_relay*>(handle->data)->one_handle_closed();
  });
}

void fault_relay::close_side(side& closing, bool by_reset) {
  if (!closing.is_open) return;
  closing.is_open = closing.is_reading = false;
  if (by_reset) audit::arm_reset(closing.handle);
  uv_close(&closing.handle.any, on_closed);
}

void fault_relay::on_closed(uv_handle_t* handle) {
  static_cast<side*>(handle->data)->owner->one_handle_closed();
}

void fault_relay::one_handle_closed() {
  if (--open_handles_ == 0) owner_.relay_gone(*this);
}

}  // namespace drover::faults
