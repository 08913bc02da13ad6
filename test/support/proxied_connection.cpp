// SPDX-License-Identifier: MIT
#include "support/proxied_connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <utility>

#include "lease/scripts.hpp"

namespace drover::test {
namespace {

constexpr std::size_t buffered_max = std::size_t{64} << 20U;

/// Receives the available bytes; none is possible. False: the peer has closed.
bool receive(int from, std::string& into) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) into.assign(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/// Sends as much as possible; `sent` is the number of bytes. False: the peer has closed.
bool send_some(int to, std::string_view bytes, std::size_t& sent) {
  const ssize_t done = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  sent = done > 0 ? static_cast<std::size_t>(done) : 0;
  return done >= 0 || errno == EAGAIN || errno == EINTR;
}

std::string name_of(const resp::request& request) {
  std::string name{request[0]};
  for (char& letter : name) letter = static_cast<char>(std::toupper(letter));
  if (name != "EVALSHA" || request.arguments.size() < 2) return name;
  for (const lease::script& script : lease::scripts()) {
    if (script.sha1 == request[1]) return std::string{script.name};
  }
  return name;
}

/// In RESP3 some commands are answered with pushes only.
bool has_reply(const std::string& command) {
  return command != "SUBSCRIBE" && command != "UNSUBSCRIBE";
}

}  // namespace

proxied_connection::~proxied_connection() {
  ::close(client_);
  ::close(server_);
}

bool proxied_connection::read_client() {
  std::string bytes;
  if (!receive(client_, bytes)) return false;
  note_requests(bytes);
  to_server_ += bytes;
  return to_server_.size() < buffered_max;
}

void proxied_connection::note_requests(std::string_view bytes) {
  while (!bytes.empty()) {
    const resp::request_reader::step step = requests_.read(bytes, request_);
    bytes.remove_prefix(step.consumed);
    if (step.status != resp::request_reader::status::complete) return;
    if (std::string name = name_of(request_); has_reply(name)) awaited_.push_back(std::move(name));
    request_.clear();
  }
}

bool proxied_connection::read_server(const rule_for& rule) {
  std::string received;
  if (!receive(server_, received)) return false;
  std::string_view bytes = received;
  while (!bytes.empty()) {
    const resp::reader::step step = replies_.read(bytes, reply_);
    reply_bytes_ += bytes.substr(0, step.consumed);
    bytes.remove_prefix(step.consumed);
    if (step.status == resp::reader::status::broken) return false;
    if (step.status == resp::reader::status::need_more) break;
    if (!take_message(rule)) return false;
  }
  return reply_bytes_.size() < buffered_max;
}

bool proxied_connection::take_message(const rule_for& rule) {
  const bool is_push = reply_.root().kind() == resp::type::push;
  reply_.clear();
  std::string bytes = std::exchange(reply_bytes_, {});
  const reply_rule* applied = nullptr;
  if (!is_push) {
    if (awaited_.empty()) return false;  // the reply has no request
    applied = rule(awaited_.front());
    awaited_.pop_front();
  }
  if (is_held_) return true;
  if (applied != nullptr) {
    apply(*applied, std::move(bytes));
  } else {
    to_client_.push_back({.bytes = std::move(bytes)});
  }
  return true;
}

void proxied_connection::apply(const reply_rule& rule, std::string bytes) {
  switch (rule.does) {
    case deed::drop: return;
    case deed::duplicate: to_client_.push_back({.bytes = bytes + bytes}); return;
    case deed::delay:
      to_client_.push_back({.bytes = std::move(bytes), .not_before = clock::now() + rule.interval});
      return;
    case deed::cut:
      bytes.resize(bytes.size() / 2);
      to_client_.push_back({.bytes = std::move(bytes), .closes = true});
      return;
    case deed::replace: to_client_.push_back({.bytes = rule.bytes}); return;
    case deed::precede: to_client_.push_back({.bytes = rule.bytes + bytes}); return;
    case deed::trickle:
      to_client_.push_back({.bytes = std::move(bytes), .trickle = rule.interval});
      return;
    case deed::hold: is_held_ = true; return;
  }
}

proxied_connection::clock::time_point proxied_connection::next_send() const noexcept {
  return to_client_.empty() ? clock::time_point::max() : to_client_.front().not_before;
}

bool proxied_connection::write(clock::time_point now) {
  std::size_t sent = 0;
  if (!to_server_.empty()) {
    if (!send_some(server_, to_server_, sent)) return false;
    to_server_.erase(0, sent);
  }
  while (!to_client_.empty() && to_client_.front().not_before <= now) {
    piece& first = to_client_.front();
    const bool trickles = first.trickle.count() > 0;
    const std::string_view part =
        std::string_view{first.bytes}.substr(0, trickles ? 1 : std::string::npos);
    if (!part.empty() && !send_some(client_, part, sent)) return false;
    if (part.empty()) sent = 0;
    first.bytes.erase(0, sent);
    if (first.bytes.empty()) {
      if (first.closes) return false;
      to_client_.pop_front();
      continue;
    }
    if (!trickles) return true;  // the client reads slowly
    first.not_before = now + first.trickle;
  }
  return true;
}

}  // namespace drover::test
