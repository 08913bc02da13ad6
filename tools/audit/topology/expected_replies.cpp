// SPDX-License-Identifier: MIT
#include "audit/topology/expected_replies.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace drover::audit {
namespace {

resp::request_limits beginning_of_a_request() {
  resp::request_limits limits;
  limits.kept_bytes_max = 64;
  limits.kept_arguments_max = 3;
  return limits;
}

std::string in_upper_case(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), upper);
  return out;
}

address_reply kind_of(const resp::request& request) {
  if (request.arguments.size() < 2) return address_reply::none;
  const std::string command = in_upper_case(request[0]);
  const bool is_cluster = command == "CLUSTER";
  if (!is_cluster && command != "SENTINEL") return address_reply::none;
  const std::string part = in_upper_case(request[1]);
  if (is_cluster) {
    if (part == "SLOTS") return address_reply::cluster_slots;
    if (part == "SHARDS") return address_reply::cluster_shards;
    if (part == "NODES") return address_reply::cluster_nodes;
    if (part == "REPLICAS" || part == "SLAVES") return address_reply::cluster_replicas;
    return address_reply::none;
  }
  if (part == "GET-MASTER-ADDR-BY-NAME" || part == "GET-PRIMARY-ADDR-BY-NAME") {
    return address_reply::sentinel_primary;
  }
  if (part == "SENTINELS") return address_reply::sentinel_sentinels;
  for (const char* const name :
       {"MASTER", "MASTERS", "PRIMARY", "PRIMARIES", "REPLICAS", "SLAVES"}) {
    if (part == name) return address_reply::sentinel_servers;
  }
  return address_reply::none;
}

bool is_about_subscriptions(effect does) noexcept {
  switch (does) {
    case effect::subscribe:
    case effect::psubscribe:
    case effect::ssubscribe:
    case effect::unsubscribe:
    case effect::punsubscribe:
    case effect::sunsubscribe: return true;
    default: return false;
  }
}

}  // namespace

expected_replies::expected_replies() : reader_{beginning_of_a_request()} {}

void expected_replies::requested(std::string_view bytes) {
  while (is_matching_ && !bytes.empty()) {
    const auto step = reader_.read(bytes, request_);
    bytes.remove_prefix(step.consumed);
    if (step.status == resp::request_reader::status::need_more) return;
    if (step.status == resp::request_reader::status::broken) {
      is_matching_ = false;
      return;
    }
    take(request_);
    request_.clear();
  }
}

void expected_replies::take(const resp::request& request) {
  if (request.arguments.empty()) return;
  const std::string_view second = request.arguments.size() > 1 ? request[1] : std::string_view{};
  const command_match command = find_command(request[0], second);
  const effect does = command.spec == nullptr ? effect::none : command.spec->does();
  note_protocol(request, does);
  if (is_about_subscriptions(does)) {
    if (has_resp3_) return push({address_reply::subscription});
    is_matching_ = false;
    return;
  }
  if (does == effect::client_reply || does == effect::monitor || does == effect::sync) {
    is_matching_ = false;
    return;
  }
  if (does == effect::exec || does == effect::discard || does == effect::reset) {
    in_transaction_ = false;
    expected_reply reply;
    if (does == effect::exec && std::ranges::any_of(queued_, [](address_reply kind) {
          return kind != address_reply::none;
        })) {
      reply = {address_reply::transaction, std::move(queued_)};
    }
    queued_.clear();
    return push(std::move(reply));
  }
  const address_reply kind = kind_of(request);
  if (in_transaction_) {
    if (queued_.size() < waiting_max) queued_.push_back(kind);
    return push({});
  }
  if (does == effect::multi) in_transaction_ = true;
  push({kind});
}

/// The reply of HELLO comes in the new protocol. One that fails is followed by no subscription.
void expected_replies::note_protocol(const resp::request& request, effect does) {
  if (does == effect::reset) has_resp3_ = false;
  if (does != effect::hello || request.arguments.size() < 2) return;
  if (request[1] == "3") has_resp3_ = true;
  if (request[1] == "2") has_resp3_ = false;
}

void expected_replies::push(expected_reply reply) {
  if (reply.kind == address_reply::none) {
    ++plain_at_end_;
  } else if (entries_.size() >= waiting_max) {
    is_matching_ = false;
  } else {
    entries_.push_back({std::exchange(plain_at_end_, 0), std::move(reply)});
  }
}

const expected_reply& expected_replies::next() const noexcept {
  static const expected_reply plain{};
  if (entries_.empty() || entries_.front().plain_before > 0) return plain;
  return entries_.front().reply;
}

void expected_replies::pop() {
  if (entries_.empty()) {
    if (plain_at_end_ > 0) --plain_at_end_;
  } else if (entries_.front().plain_before > 0) {
    --entries_.front().plain_before;
  } else {
    entries_.pop_front();
  }
}

}  // namespace drover::audit
