// SPDX-License-Identifier: MIT
#include "connection/sentinel_line.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <system_error>
#include <utility>

namespace drover::connection {
namespace {

constexpr std::size_t read_size = 4096;
/// The reply to SENTINEL REPLICAS has about a thousand bytes for each replica.
constexpr std::size_t sentinel_reply_max = std::size_t{1} << 20U;

}  // namespace

sentinel_line::sentinel_line(std::vector<address> host, tls_context* tls, std::string name)
    : left_{std::move(host)},
      tls_{tls},
      name_{std::move(name)},
      reader_{resp::limits{.message_max = sentinel_reply_max}} {
  std::reverse(left_.begin(), left_.end());
  if (left_.empty()) why_ = "the host is not known";
  connect();
}

// A writer that waits for a message of TLS goes on after the next input, and not when the socket
// has room, which it has all the time.
readiness sentinel_line::interest() const noexcept {
  if (stage_ == stage::connecting) return {false, true, false};
  const bool has_output = socket_.has_unsent() || (stage_ == stage::up && !output_.empty() &&
                                                   !socket_.writer_wants_input());
  return {true, has_output, false};
}

std::vector<resp::message> sentinel_line::go_on(readiness came) {
  std::vector<resp::message> messages;
  if (!is_open()) return messages;
  if (stage_ == stage::connecting && came.output) take_connection();
  if (stage_ == stage::securing) secure();
  if (stage_ != stage::up || !is_open()) return messages;
  const bool is_alive = (!came.input || receive(messages)) && send_output();
  if (!is_alive) lose();
  return messages;
}

void sentinel_line::take_connection() {
  if (const std::error_code error = socket_.connect_error()) {
    why_ = error.message();
    return connect();
  }
  stage_ = tls_ == nullptr ? stage::up : stage::securing;
  if (tls_ != nullptr) socket_.protect(tls_->begin(name_));
}

void sentinel_line::secure() {
  switch (socket_.shake()) {
    case transport::shaken::not_yet: return;
    case transport::shaken::failed: return lose();
    case transport::shaken::done: break;
  }
  stage_ = stage::up;
}

void sentinel_line::end(std::string why, bool is_refusal) {
  why_ = std::move(why);
  is_refused_ = is_refusal;
  socket_ = transport{};
}

// The peer has ended the connection, or TLS has.
void sentinel_line::lose() {
  if (const fault* const why = socket_.why())
    return end(why->text, why->code == fault_code::unsupported);
  if (tls_ != nullptr && stage_ == stage::securing) {
    return end("it closed the connection in the handshake of TLS");
  }
  // A sentinel with TLS says nothing to a request without it.
  end(tls_ == nullptr && !has_received_
          ? "the sentinel closed the connection (if it speaks TLS, use "
            "rediss+sentinel://, or sentinel_tls)"
          : "the sentinel closed the connection");
}

void sentinel_line::connect() {
  stage_ = stage::connecting;
  socket_ = transport{};
  while (!left_.empty() && !socket_.is_open()) {
    std::error_code error;
    socket_ = transport{stream_socket::connecting_to(left_.back(), error)};
    left_.pop_back();
    if (error) why_ = error.message();
  }
}

bool sentinel_line::send_output() {
  while (!output_.empty()) {
    const transfer sent = socket_.send(output_);
    if (sent.status == transfer_status::would_block) return true;
    if (sent.status == transfer_status::ended) return false;
    output_.erase(0, sent.bytes);
  }
  return true;
}

bool sentinel_line::receive(std::vector<resp::message>& into) {
  std::array<char, read_size> input;
  while (is_open()) {
    const transfer got = socket_.receive(input);
    if (got.status == transfer_status::would_block) return true;
    if (got.status == transfer_status::ended) return false;
    has_received_ = true;
    take_in({input.data(), got.bytes}, into);
  }
  return true;
}

void sentinel_line::take_in(std::string_view bytes, std::vector<resp::message>& into) {
  // An alert of TLS: the sentinel has taken the request for a damaged handshake.
  if (tls_ == nullptr && bytes.size() > 1 && bytes[0] == '\x15' && bytes[1] == '\x03') {
    return end("it speaks TLS: use rediss+sentinel://, or sentinel_tls", true);
  }
  while (!bytes.empty()) {
    const resp::reader::step step = reader_.read(bytes, partial_);
    bytes.remove_prefix(step.consumed);
    if (step.status == resp::reader::status::need_more) return;
    if (step.status != resp::reader::status::complete) return end("the reply is not RESP", true);
    into.push_back(std::exchange(partial_, {}));
  }
}

}  // namespace drover::connection
