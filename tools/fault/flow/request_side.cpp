// SPDX-License-Identifier: MIT
#include "fault/flow/request_side.hpp"

#include <algorithm>
#include <utility>

namespace drover::faults {
namespace {

using audit::effect;

constexpr std::size_t kept_bytes_max = 512;
constexpr std::size_t kept_arguments_max = 256;
constexpr std::size_t logged_bytes_max = 200;

resp::request_limits kept_of_a_request() {
  resp::request_limits limits;
  limits.kept_bytes_max = kept_bytes_max;
  limits.kept_arguments_max = kept_arguments_max;
  return limits;
}

std::string in_capitals(std::string_view text) {
  std::string capitals{text.substr(0, logged_bytes_max)};
  std::ranges::transform(capitals, capitals.begin(), audit::upper);
  return capitals;
}

/// A word that is no name of a command may be a secret in the wrong place.
std::string logged_name(const std::string& name, const audit::command_match& command) {
  if (command.spec != nullptr) return command.spec->name();
  return audit::is_like_command(name) ? name : "(unknown)";
}

/// Replies can no longer be matched to requests after such a command.
bool ends_matching(effect of_command) {
  switch (of_command) {
    case effect::subscribe:
    case effect::psubscribe:
    case effect::ssubscribe:
    case effect::unsubscribe:
    case effect::punsubscribe:
    case effect::sunsubscribe:
    case effect::monitor:
    case effect::sync:
    case effect::client_reply: return true;
    default: return false;
  }
}

}  // namespace

request_side::request_side(decider& decisions, std::uint64_t connection, reply_queue& replies,
                           injection_sink& sink)
    : decisions_{decisions},
      connection_{connection},
      replies_{replies},
      sink_{sink},
      reader_{kept_of_a_request()} {}

void request_side::receive(std::string_view bytes, microseconds now, outbox& to_server) {
  while (!bytes.empty() && state_ != state::over) {
    bytes.remove_prefix(read(bytes, now, to_server));
  }
}

/// Returns how many bytes were used up.
std::size_t request_side::read(std::string_view bytes, microseconds now, outbox& to_server) {
  switch (state_) {
    case state::undecided: return read_undecided(bytes, now, to_server);
    case state::unread: to_server.append(bytes); return bytes.size();
    case state::over: return bytes.size();
    default: return read_rest(bytes, to_server);
  }
}

std::size_t request_side::read_undecided(std::string_view bytes, microseconds now,
                                         outbox& to_server) {
  const auto step = reader_.read(bytes.substr(0, held_max - held_.size()), request_);
  held_ += bytes.substr(0, step.consumed);
  if (step.status == resp::request_reader::status::broken) {
    stop_reading("the bytes of the client are not RESP: " + std::string{reader_.error()});
    to_server.append(std::exchange(held_, {}));
    return step.consumed;
  }
  const bool is_complete = step.status == resp::request_reader::status::complete;
  if (!is_complete && held_.size() < held_max) return step.consumed;
  if (request_.arguments.empty()) {  // only blank lines so far
    to_server.append(std::exchange(held_, {}));
    return step.consumed;
  }
  decide(now, to_server);
  held_.clear();
  if (is_complete) end_request(to_server);
  return step.consumed;
}

std::size_t request_side::read_rest(std::string_view bytes, outbox& to_server) {
  const auto step = reader_.read(bytes, request_);
  if (state_ == state::forwards) to_server.append(bytes.substr(0, step.consumed));
  if (step.status == resp::request_reader::status::complete) {
    end_request(to_server);
  } else if (step.status == resp::request_reader::status::broken) {
    stop_reading("the bytes of the client are not RESP: " + std::string{reader_.error()});
  }
  return step.consumed;
}

void request_side::end_request(outbox& to_server) {
  to_server.end_reply();
  request_.clear();
  if (state_ != state::unread) state_ = is_last_ ? state::over : state::undecided;
}

void request_side::stop_reading(const std::string& reason) {
  state_ = is_last_ ? state::over : state::unread;
  if (state_ == state::unread) sink_.passes_unchanged(connection_, reason);
}

std::vector<std::string_view> request_side::keys_of(const audit::command_match& command) const {
  std::vector<std::string_view> texts;
  for (std::size_t i = command.words; i < request_.arguments.size(); ++i) {
    texts.push_back(request_[i]);
  }
  std::vector<std::string_view> keys;
  if (audit::is_http(request_)) return keys;
  if (command.spec == nullptr) {  // most commands of modules begin with a key
    if (!texts.empty()) keys.push_back(texts.front());
    return keys;
  }
  std::vector<audit::argument_role> roles;
  const std::size_t count = std::max(request_.argument_count, request_.arguments.size());
  command.spec->assign(texts, count - std::min(command.words, count), roles);
  for (std::size_t i = 0; i < std::min(roles.size(), texts.size()); ++i) {
    if (roles[i] == audit::argument_role::key) keys.push_back(texts[i]);
  }
  return keys;
}

/// The bytes of the request, and so all later ones, leave later.
void request_side::delay(const faulted_request& request, microseconds now, outbox& to_server) {
  if (request.decision.request_delays.empty()) return;
  delivery how;
  how.not_before = now;
  for (const decided_delay& decided : request.decision.request_delays) {
    how.not_before += decided.time;
    injection event;
    event.spec = decided.spec;
    event.kind = fault_kind::delay;
    event.at = now;
    event.connection = connection_;
    event.request = request.request;
    event.command = request.command;
    event.key = request.key;
    event.delay = decided.time;
    sink_.injected(std::move(event));
  }
  to_server.begin_reply(how);
}

void request_side::decide(microseconds now, outbox& to_server) {
  ++request_number_;
  sink_.request_read();
  const std::string_view second = request_.arguments.size() > 1 ? request_[1] : "";
  const auto command = audit::find_command(request_[0], second);
  const std::string name = in_capitals(request_[0]);
  if (command.spec != nullptr && ends_matching(command.spec->does())) {
    stop_reading("after " + name + " replies cannot be matched to requests");
    to_server.append(held_);
    return;
  }
  const auto keys = keys_of(command);
  const std::string full_name = command.spec != nullptr ? command.spec->name() : name;
  request_decision decision =
      decisions_.on_request({connection_, request_number_, name, full_name, keys, now}, counts_);
  state_ = state::forwards;
  if (decision.is_plain()) {
    replies_.push_plain();
    to_server.append(held_);
    return;
  }
  faulted_request faulted{std::move(decision), request_number_, logged_name(name, command), "",
                          true};
  // Of a command that is not known, the first argument may be anything.
  if (command.spec != nullptr && !keys.empty()) {
    faulted.key = keys.front().substr(0, logged_bytes_max);
  }
  if (faulted.decision.fate) {
    const fault_spec& fate = decisions_.specs()[*faulted.decision.fate];
    faulted.is_executed = fate.is_executed;
    is_last_ = ends_connection(fate.kind);
  }
  if (faulted.is_executed) {
    delay(faulted, now, to_server);
    to_server.append(held_);
  } else {
    state_ = state::swallows;
  }
  replies_.push(std::move(faulted));
}

}  // namespace drover::faults
