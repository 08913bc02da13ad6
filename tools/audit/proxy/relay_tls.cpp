// SPDX-License-Identifier: MIT
// The sides of a relay that speak TLS.
#include <array>
#include <utility>

#include "audit/proxy/relay.hpp"
#include "base/assert.hpp"

namespace drover::audit {

using status = connection::tls_session::status;

/// Goes on with the handshake. When it is complete, reading stops until both are.
void relay::secure(side& with) {
  for (;;) {
    std::string sealed;
    const auto step = with.session->shake(sealed);
    if (!sealed.empty()) send_raw(with, sealed);
    if (finished_) return;
    if (with.unwritable) return finish(true);
    if (step.is == status::wants_output) continue;
    if (step.is == status::wants_input) {
      with.has_sealed = false;
      return start_reading(with);
    }
    if (step.is != status::moved) return fail(with);
    break;
  }
  uv_read_stop(&with.handle.stream);
  with.is_secured = true;
  with.has_sealed = true;  // bytes may have come with the last message
  begin_traffic();
}

/// The bytes of the last call have been read completely.
void relay::take_sealed(side& from, std::string_view bytes) {
  DROVER_ASSERT(!from.has_sealed);
  from.sealed.assign(bytes);
  from.has_sealed = true;
  from.session->feed(from.sealed);
  if (!from.is_secured) return secure(from);
  uv_read_stop(&from.handle.stream);
  resume(from);
}

bool relay::must_wait(const side& from) const {
  if (!client_.is_secured || !server_.is_secured) return true;
  if (from.other->writing || from.other->unwritable) return true;
  return &from == &server_ && !held_.empty();
}

/// Passes on what is in `sealed` as far as the other peer accepts it.
void relay::open_sealed(side& from) {
  while (from.has_sealed && !must_wait(from)) {
    // `buffer_` is free: the bytes that came in it were copied.
    const auto step = from.session->open(buffer_);
    switch (step.is) {
      case status::moved:
        receive(from, {buffer_.data(), step.bytes});
        if (finished_) return;
        break;
      case status::wants_input: from.has_sealed = false; return;
      case status::closed:
        from.has_sealed = false;
        from.has_said_end = true;
        return end_reading(from, true);
      default: return fail(from);
    }
  }
}

void relay::pass_sealed(side& from, std::string_view plain) {
  side& to = *from.other;
  std::string all;
  std::string_view left = plain;
  while (!left.empty() && !to.unwritable) {
    std::string sealed;
    const auto step = to.session->seal(left, sealed);
    all += sealed;
    left.remove_prefix(step.bytes);
    if (step.is != status::moved && step.is != status::wants_output) to.unwritable = true;
  }
  if (!to.unwritable) {
    send_raw(to, all);
    owner_.counted(to.towards, plain.size());
    if (tap_) tap_->passed(to.towards, plain);
  }
  if (!to.unwritable) return;
  uv_read_stop(&from.handle.stream);
  settle();
}

void relay::send_raw(side& to, std::string_view sealed) {
  if (to.unwritable) return;
  if (to.writing) {  // a large handshake: the peer does not read
    to.unwritable = true;
    return;
  }
  const uv_buf_t out =
      uv_buf_init(const_cast<char*>(sealed.data()), static_cast<unsigned>(sealed.size()));
  const int written = uv_try_write(&to.handle.stream, &out, 1);
  if (written < 0 && written != UV_EAGAIN) {
    to.unwritable = true;
    return;
  }
  const auto size = static_cast<std::size_t>(written > 0 ? written : 0);
  if (size < sealed.size()) write_rest(to, sealed.substr(size));
}

/// `to` has no more bytes to write.
void relay::say_end(side& to) {
  std::string sealed;
  to.session->close(sealed);
  if (!sealed.empty()) send_raw(to, sealed);
}

void relay::fail(side& with) {
  owner_.tls_failed(door_, &with == &server_, with.session->why().text);
  finish(true);
}

}  // namespace drover::audit
