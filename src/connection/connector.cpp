// SPDX-License-Identifier: MIT
#include "connection/connector.hpp"

#include <algorithm>
#include <utility>

namespace drover::connection {
namespace {

constexpr std::size_t input_size = std::size_t{16} << 10U;

}  // namespace

stream_limits limits_of(const settings& with) noexcept {
  return {with.reply_max, with.queued_bytes_max, with.slots_max};
}

connector::connector(const settings& with, const std::shared_ptr<const bell>& wake,
                     resolver::look_up by)
    : with_{with}, resolver_{with.at.host, with.at.port, wake, std::move(by)}, input_(input_size) {}

void connector::begin(steady_time now) {
  stage_ = stage::resolving;
  deadline_ = now + with_.connect_max;
  address_deadline_ = deadline_;
  left_.clear();
}

const stream_socket* connector::socket() const noexcept {
  return socket_.is_open() ? &socket_ : nullptr;
}

readiness connector::asked() const noexcept {
  return {stage_ == stage::greeting, stage_ == stage::connecting || !output_.empty(), false};
}

connector::answer connector::step(readiness came, steady_time now) {
  if (stage_ == stage::resolving) {
    std::optional<std::vector<address>> found;
    if (with_.at.host.empty()) {
      auto only = unix_address(with_.at.path);
      found.emplace();
      if (only) found->push_back(*std::move(only));
    } else {
      found = resolver_.ask();
    }
    if (found) {
      if (found->empty()) return refuse("the host is not known");
      left_ = *std::move(found);
      std::reverse(left_.begin(), left_.end());
      connect_next(now);
      if (!socket_.is_open()) return refuse("the connection was refused");
    }
  }
  if (stage_ == stage::connecting && came.output) {
    if (socket_.has_connected()) return begin_greeting();
    connect_next(now);
    if (!socket_.is_open()) return refuse("the connection was refused");
  }
  if (stage_ == stage::greeting && came.output && !output_.empty()) {
    if (auto ended = send_greeting()) return ended;
  }
  if (stage_ == stage::greeting && came.input) {
    if (auto ended = receive_greeting()) return ended;
  }
  if (now >= deadline_) {
    return refuse(stage_ == stage::resolving    ? "the host was not resolved in time"
                  : stage_ == stage::connecting ? "no connection in time"
                                                : "no answer to the handshake in time");
  }
  if (stage_ == stage::connecting && now >= address_deadline_) {
    connect_next(now);
    if (!socket_.is_open()) return refuse("no connection in time");
  }
  return std::nullopt;
}

// Each address gets an equal share of the time that is left, so that one that swallows everything
// does not take it all.
void connector::connect_next(steady_time now) {
  stage_ = stage::connecting;
  socket_ = stream_socket{};
  while (!left_.empty() && !socket_.is_open()) {
    const auto share = (deadline_ - now) / static_cast<std::int64_t>(left_.size());
    address_deadline_ = left_.size() == 1 ? deadline_ : now + share;
    socket_ = stream_socket::connecting_to(left_.back());
    left_.pop_back();
  }
}

connector::answer connector::refuse(std::string_view why) {
  return refuse(fault{fault_code::unreachable, std::string{why}});
}

connector::answer connector::refuse(fault why) {
  stage_ = stage::idle;
  socket_ = stream_socket{};
  traffic_.reset();
  output_.clear();
  why.text = describe(with_.at) + ": " + why.text;
  return why;
}

// Too many clients, protected mode: some servers answer the first command by an error and close.
connector::answer connector::refuse_by_what_came(std::string_view otherwise) {
  if (place_.received > 0 && replies_[0].root().is_error()) {
    return refuse(read_handshake(with_, replies_).error());
  }
  return refuse(otherwise);
}

connector::answer connector::begin_greeting() {
  stage_ = stage::greeting;
  address_deadline_ = deadline_;
  auto request = write_handshake(with_);
  auto limits = limits_of(with_);
  limits.queued_bytes_max = std::max(limits.queued_bytes_max, request.text.size());
  limits.slots_max = std::max(limits.slots_max, request.replies);
  traffic_ = std::make_unique<stream>(limits);
  replies_.assign(request.replies, {});
  place_.replies = replies_;
  place_.blocks = true;
  place_.at = slot::stage::apart;
  if (!traffic_->append(request.text, place_)) return refuse("the handshake is too long");
  output_.clear();
  traffic_->take_output(output_);
  return send_greeting();
}

connector::answer connector::send_greeting() {
  while (!output_.empty()) {
    const auto sent = socket_.send(output_);
    if (sent.what == transfer::how::would_block) return std::nullopt;
    if (sent.what == transfer::how::ended) return refuse("the connection ended in the handshake");
    output_.erase(0, sent.bytes);
    traffic_->wrote(sent.bytes);
  }
  return std::nullopt;
}

connector::answer connector::receive_greeting() {
  arrivals came;
  const auto received = socket_.receive(input_);
  if (received.what == transfer::how::would_block) return std::nullopt;
  if (received.what == transfer::how::ended) {
    return refuse_by_what_came("the connection ended in the handshake");
  }
  if (!traffic_->take_in({input_.data(), received.bytes}, came)) {
    return refuse_by_what_came("the handshake was answered by something that is not RESP3");
  }
  if (place_.at != slot::stage::ended) return std::nullopt;
  return finish(came);
}

connector::answer connector::finish(arrivals& came) {
  auto said = read_handshake(with_, replies_);
  if (!said) return refuse(said.error());
  stage_ = stage::idle;
  socket_.begin_traffic(with_.silence_max);
  connected out{std::exchange(socket_, {}), std::move(traffic_), *std::move(said), {}};
  for (auto& push : came.pushes) out.pushes.push_back(std::move(push.what));
  return out;
}

}  // namespace drover::connection
