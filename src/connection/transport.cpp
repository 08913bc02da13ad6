// SPDX-License-Identifier: MIT
#include "connection/transport.hpp"

#include <utility>

namespace drover::connection {
namespace {

constexpr std::size_t arrived_size = std::size_t{64} << 10U;
constexpr std::size_t sealed_size = std::size_t{96} << 10U;

// A server may send messages of TLS without data for ever. The reader looks after its limits in
// between.
constexpr int reads_without_data_max = 4;

}  // namespace

void transport::protect(std::unique_ptr<tls_session> session) {
  arrived_.resize(arrived_size);
  sealed_.reserve(sealed_size);
  session_ = std::move(session);
}

const fault* transport::why() const noexcept {
  return session_ && !session_->why().text.empty() ? &session_->why() : nullptr;
}

transport::shaken transport::shake() noexcept {
  using status = tls_session::status;
  for (;;) {
    if (has_unsent()) {
      const transfer sent = send_sealed();
      if (sent.status == transfer_status::would_block) return shaken::not_yet;
    }
    const auto step = session_->shake(sealed_);
    if (step.is == status::failed || step.is == status::closed) {
      static_cast<void>(send_sealed());
      return shaken::failed;
    }
    if (has_unsent()) continue;
    if (step.is == status::moved) return shaken::done;
    if (step.is != status::wants_input) continue;
    const transfer got = socket_.receive(arrived_);
    if (got.status == transfer_status::would_block) return shaken::not_yet;
    if (got.status == transfer_status::moved) session_->feed({arrived_.data(), got.bytes});
    if (got.status == transfer_status::ended) session_->feed_end();
  }
}

// Sends what is sealed. `moved`: all of it is sent.
transfer transport::send_sealed() noexcept {
  while (has_unsent()) {
    const auto sent = socket_.send(std::string_view{sealed_}.substr(sent_));
    if (sent.status != transfer_status::moved) {
      if (sent.status == transfer_status::ended) {
        sealed_.clear();
        sent_ = 0;
        accepted_ = 0;  // the rest of this request counts for no other one
      }
      return sent;
    }
    sent_ += sent.bytes;
  }
  sealed_.clear();
  sent_ = 0;
  return {transfer_status::moved, 0};
}

transfer transport::send(std::string_view bytes) noexcept {
  if (!session_) return socket_.send(bytes);
  using status = tls_session::status;
  for (;;) {
    if (const auto sent = send_sealed(); sent.status != transfer_status::moved) return sent;
    if (accepted_ > 0) return {transfer_status::moved, std::exchange(accepted_, 0)};
    const auto step = session_->seal(bytes, sealed_);
    accepted_ = step.bytes;
    if (has_unsent()) continue;
    if (step.is == status::wants_input) return {transfer_status::would_block, 0};
    if (step.is == status::failed || step.is == status::closed) return {};
  }
}

transfer transport::receive(std::span<char> into) noexcept {
  return session_ ? open(into, false) : socket_.receive(into);
}

transfer transport::receive_or_wait(std::span<char> into) noexcept {
  return session_ ? open(into, true) : socket_.receive_or_wait(into);
}

transfer transport::open(std::span<char> into, bool waits) noexcept {
  using status = tls_session::status;
  transfer out{transfer_status::would_block, 0};
  for (int reads = 0;; ++reads) {
    // A reader that polls mostly finds nothing, and then needs no look at the session.
    if (reads > 0 || session_->has_input()) {
      const auto step = session_->open(into);
      out.frees_writer = out.frees_writer || step.frees_writer;
      if (step.is == status::moved) {
        out.status = transfer_status::moved;
        out.bytes = step.bytes;
        return out;
      }
      if (step.is != status::wants_input) {
        out.status = transfer_status::ended;
        return out;
      }
    }
    if (reads == reads_without_data_max || (waits && reads > 0)) return out;
    const auto got = waits ? socket_.receive_or_wait(arrived_) : socket_.receive(arrived_);
    if (got.status == transfer_status::would_block) return out;
    if (got.status == transfer_status::ended) {
      session_->feed_end();
    } else {
      session_->feed({arrived_.data(), got.bytes});
      out.sealed_bytes += got.bytes;
    }
  }
}

void transport::close() noexcept {
  if (!session_ || has_unsent()) return;
  session_->close(sealed_);
  static_cast<void>(send_sealed());
}

readiness wait_for(const bell& wake, const transport* on, readiness interest,
                   std::optional<steady_time> until) noexcept {
  const stream_socket* const socket = on == nullptr ? nullptr : &on->socket();
  if (on == nullptr || !interest.input || !on->has_input()) {
    return wait_for(wake, socket, interest, until);
  }
  auto out = wait_for(wake, socket, interest, steady_time{});
  out.input = true;
  return out;
}

}  // namespace drover::connection
