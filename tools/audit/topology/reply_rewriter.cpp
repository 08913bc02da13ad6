// SPDX-License-Identifier: MIT
#include "audit/topology/reply_rewriter.hpp"

#include <utility>

#include "audit/topology/cluster_replies.hpp"
#include "audit/topology/reply_writer.hpp"
#include "audit/topology/sentinel_replies.hpp"
#include "resp/reader.hpp"

namespace drover::audit {
namespace {

using resp::token_kind;

/// As large as any reply of a server; nothing is kept of what passes.
resp::limits any_reply() {
  resp::limits limits;
  limits.depth_max = 128;
  limits.elements_max = std::size_t{1} << 32U;
  limits.bulk_max = std::size_t{1} << 40U;
  limits.message_max = std::size_t{1} << 42U;
  return limits;
}

bool is_confirmation(const resp::view& push) {
  return push.size() > 0 && push[0].text().ends_with("subscribe");
}

/// Writes one reply whose kind is known.
class kind_writer {
 public:
  kind_writer(const address_view& seen, node_directory& nodes, reply_writer& out)
      : seen_{seen}, nodes_{nodes}, out_{out} {}

  void write(const resp::view& reply, address_reply kind) {
    if (reply.is_error()) return write_error(reply);
    switch (kind) {
      case address_reply::cluster_slots: return write_proxied_slots(reply, seen_, nodes_, out_);
      case address_reply::cluster_shards: return write_proxied_shards(reply, seen_, nodes_, out_);
      case address_reply::cluster_nodes: return write_lines(reply);
      case address_reply::cluster_replicas: return write_list_of_lines(reply);
      case address_reply::sentinel_primary:
        return write_proxied_primary(reply, seen_, nodes_, out_);
      case address_reply::sentinel_servers:
        return write_proxied_servers(reply, node_kind::data, seen_, nodes_, out_);
      case address_reply::sentinel_sentinels:
        return write_proxied_servers(reply, node_kind::sentinel, seen_, nodes_, out_);
      default: out_.write(reply);
    }
  }

 private:
  void write_error(const resp::view& error) {
    const auto proxied = proxied_redirect(error.text(), seen_, nodes_);
    out_.write_text(error, proxied ? *proxied : error.text());
  }
  void write_lines(const resp::view& text) {
    if (!text.is_string()) return out_.write(text);
    out_.write_text(text, proxied_nodes(text.text(), seen_, nodes_));
  }
  void write_list_of_lines(const resp::view& list) {
    if (!resp::is_aggregate(list.kind())) return out_.write(list);
    out_.write_header(list);
    for (std::size_t i = 0; i < list.size(); ++i) write_lines(list[i]);
  }

  const address_view& seen_;
  node_directory& nodes_;
  reply_writer& out_;
};

}  // namespace

reply_rewriter::reply_rewriter(server_role role, address_view seen, node_directory& nodes)
    : role_{role}, seen_{std::move(seen)}, nodes_{nodes}, scanner_{any_reply()} {}

std::string_view reply_rewriter::replied(std::string_view bytes) {
  if (is_blind_) return bytes;
  out_.clear();
  std::size_t passed = 0;  // the bytes before it are in `out_`, or nowhere
  std::size_t at = 0;
  for (;;) {
    const resp::token token = scanner_.next(bytes.substr(at));
    if (token.kind == token_kind::broken) {
      out_ += bytes.substr(passed, at - passed);
      give_up(bytes.substr(at));
      return out_;
    }
    const std::size_t begin = at;
    at += token.consumed;
    if (token.kind == token_kind::need_more) {
      if (passed == 0 && out_.empty() && begin > 0 && !collects_) {
        pending_ += bytes.substr(begin);
        return bytes.substr(0, begin);
      }
      if (!collects_) out_ += bytes.substr(passed, begin - passed);
      pending_ += bytes.substr(begin);
      return out_;
    }
    if (!in_reply_) begin_reply(token);
    const bool is_error =
        token.kind == token_kind::scalar && token.value_type == resp::type::simple_error;
    const bool may_change = is_error && !collects_ && role_ == server_role::cluster_node;
    if (collects_) {
      // Bytes before this reply are passed on first.
      if (passed < begin) out_ += bytes.substr(passed, begin - passed);
      collected_ += std::exchange(pending_, {});
      collected_ += bytes.substr(begin, token.consumed);
      passed = at;
      if (collected_.size() > held_max) {
        give_up(bytes.substr(at));
        return out_;
      }
    } else if (may_change && (token.text.starts_with("MOVED ") || token.text.starts_with("ASK "))) {
      const std::string line = changed_error(token.text);
      out_ += bytes.substr(passed, begin - passed);
      pending_.clear();
      out_ += line;
      passed = at;
    } else if (!pending_.empty()) {
      // Only before the first token of a slice.
      out_ += std::exchange(pending_, {});
    }
    if (token.ends_message) end_reply();
  }
}

/// An attribute before the reply is not the reply.
void reply_rewriter::begin_reply(const resp::token& first) {
  if (first.depth != 0 || first.value_type == resp::type::attribute) return;
  in_reply_ = true;
  is_push_ = first.value_type == resp::type::push;
  const bool is_error =
      first.value_type == resp::type::simple_error || first.value_type == resp::type::bulk_error;
  while (!is_push_ && !is_error && expected_.next().kind == address_reply::subscription) {
    expected_.pop();  // its confirmations have come
  }
  const address_reply next = expected_.next().kind;
  const bool is_plain =
      is_push_ ? next != address_reply::subscription : next == address_reply::none;
  collects_ = role_ == server_role::sentinel || !is_plain;
}

void reply_rewriter::end_reply() {
  bool answers = !is_push_;
  if (collects_) out_ += changed(collected_, answers);
  collected_.clear();
  if (answers) expected_.pop();
  in_reply_ = collects_ = is_push_ = false;
}

/// Sets `answers` for the push that confirms the subscription that is next.
std::string reply_rewriter::changed(const std::string& raw, bool& answers) const {
  resp::reader reader;
  resp::message message;
  const auto step = reader.read(raw, message);
  if (step.status != resp::reader::status::complete) return raw;
  const resp::view reply = message.root();
  std::string unchanged;
  reply_writer{unchanged, expected_.has_resp3()}.write(reply);
  std::string out;
  reply_writer writer{out, expected_.has_resp3()};
  kind_writer kinds{seen_, nodes_, writer};
  const expected_reply& expected = expected_.next();
  const bool is_for_subscription = expected.kind == address_reply::subscription;
  if (is_push_ || expected.kind == address_reply::none) {
    if (is_push_ && is_for_subscription) answers = is_confirmation(reply);
    if (role_ == server_role::cluster_node) return raw;
    write_proxied_message(reply, seen_, nodes_, writer);
  } else if (expected.kind != address_reply::transaction) {
    kinds.write(reply, expected.kind);
  } else if (reply.kind() == resp::type::array && reply.size() == expected.elements.size()) {
    writer.write_header(reply);
    for (std::size_t i = 0; i < reply.size(); ++i) kinds.write(reply[i], expected.elements[i]);
  } else {
    kinds.write(reply, address_reply::none);
  }
  // A reply without addresses keeps its form, for example that of its nulls.
  return out == unchanged ? raw : out;
}

std::string reply_rewriter::changed_error(std::string_view text) const {
  const auto proxied = proxied_redirect(text, seen_, nodes_);
  return '-' + (proxied ? *proxied : std::string{text}) + "\r\n";
}

void reply_rewriter::give_up(std::string_view rest) {
  is_blind_ = true;
  out_ += std::exchange(collected_, {});
  out_ += std::exchange(pending_, {});
  out_ += rest;
}

std::string reply_rewriter::take_held() {
  is_blind_ = true;
  return std::exchange(collected_, {}) + std::exchange(pending_, {});
}

}  // namespace drover::audit
