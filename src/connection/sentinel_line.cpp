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
/// The reply to SENTINEL MASTER has about a thousand bytes.
constexpr std::size_t sentinel_reply_max = std::size_t{64} << 10U;

}  // namespace

sentinel_line::sentinel_line(std::vector<address> host)
    : left_{std::move(host)}, reader_{resp::limits{.message_max = sentinel_reply_max}} {
  std::reverse(left_.begin(), left_.end());
  if (left_.empty()) why_ = "the host is not known";
  connect();
}

readiness sentinel_line::interest() const noexcept {
  return {is_connected_, !is_connected_ || !output_.empty(), false};
}

std::vector<resp::message> sentinel_line::go_on(readiness came) {
  std::vector<resp::message> messages;
  if (!is_open()) return messages;
  if (!is_connected_ && came.output) {
    if (const std::error_code error = socket_.connect_error()) {
      why_ = error.message();
      connect();
      return messages;
    }
    is_connected_ = true;
  }
  const bool is_alive =
      !is_connected_ || ((!came.output || send_output()) && (!came.input || receive(messages)));
  if (!is_alive) end("the sentinel closed the connection");
  return messages;
}

void sentinel_line::end(std::string why) {
  why_ = std::move(why);
  socket_ = stream_socket{};
}

void sentinel_line::connect() {
  socket_ = stream_socket{};
  while (!left_.empty() && !socket_.is_open()) {
    std::error_code error;
    socket_ = stream_socket::connecting_to(left_.back(), error);
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
    take_in({input.data(), got.bytes}, into);
  }
  return true;
}

void sentinel_line::take_in(std::string_view bytes, std::vector<resp::message>& into) {
  while (!bytes.empty()) {
    const resp::reader::step step = reader_.read(bytes, partial_);
    bytes.remove_prefix(step.consumed);
    if (step.status == resp::reader::status::need_more) return;
    if (step.status != resp::reader::status::complete) return end("the reply is not RESP");
    into.push_back(std::exchange(partial_, {}));
  }
}

}  // namespace drover::connection
