// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/bytes.hpp"
#include "lease/commands.hpp"

namespace drover::lease {
namespace {

using resp::type;
using resp::view;

fault misshapen(std::string_view request) {
  return {fault_code::corrupt, "malformed reply to " + std::string{request}};
}

/// The fault for an error reply or a missing reply.
std::optional<fault> fault_in(const resp::message& reply, std::string_view request_name) {
  if (reply.empty()) return misshapen(request_name);
  if (reply.root().is_error()) return fault_of(reply.root().text());
  return std::nullopt;
}

/// The text of `part`. It is moved, not copied, when the reply has no other text.
std::string take_text(resp::message& reply, view part) {
  if (part.text().size() == reply.text.size()) return std::move(reply.text);
  return std::string{part.text()};
}

/// The number in a string that consists of digits only, if it is at most `max`.
std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t max) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size() || number > max) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> count_in(view part, std::int64_t max) {
  if (part.kind() != type::integer || part.integer() < 0 || part.integer() > max) {
    return std::nullopt;
  }
  return part.integer();
}

bool is_error(const resp::message& reply, std::string_view code) noexcept {
  return !reply.empty() && reply.root().is_error() && reply.root().text().starts_with(code);
}

constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();

bool has_right_size(lease_outcome outcome, std::size_t size) {
  switch (outcome) {
    case lease_outcome::hit:
    case lease_outcome::failed: return size >= entry::envelope_size;
    case lease_outcome::wait: return size == entry::envelope_size;
    case lease_outcome::lead:
    case lease_outcome::uncacheable:
    case lease_outcome::newer: return size == 0;
  }
  return false;
}

}  // namespace

bool is_noscript(const resp::message& reply) noexcept { return is_error(reply, "NOSCRIPT"); }

bool is_readonly(const resp::message& reply) noexcept { return is_error(reply, "READONLY"); }

result<std::optional<std::string>> read_get(resp::message&& reply) {
  if (auto why = fault_in(reply, "GET")) return *std::move(why);
  const view root = reply.root();
  if (root.is_null()) return std::optional<std::string>{};
  if (root.kind() != type::bulk_string) return misshapen("GET");
  return std::optional<std::string>{take_text(reply, root)};
}

result<server_time> read_time(const resp::message& reply) {
  if (auto why = fault_in(reply, "TIME")) return *std::move(why);
  const view root = reply.root();
  if (root.kind() != type::array || root.size() != 2) return misshapen("TIME");
  const auto seconds = number_in(root[0].text(), std::uint64_t{1} << 43U);
  const auto micros = number_in(root[1].text(), 999'999);
  if (!seconds || !micros) return misshapen("TIME");
  return server_time{milliseconds{static_cast<std::int64_t>(*seconds * 1000 + *micros / 1000)}};
}

result<bool> read_echo(const resp::message& reply, std::uint64_t nonce) {
  if (reply.empty()) return false;
  const view root = reply.root();
  if (root.is_error()) return fault_of(root.text());
  if (root.kind() != type::bulk_string || root.text().size() != sizeof nonce) return false;
  return base::load_big_endian<std::uint64_t>(root.text(), 0) == nonce;
}

result<lease_reply> read_lease(resp::message&& reply) {
  constexpr std::array outcomes{lease_outcome::hit,   lease_outcome::lead,
                                lease_outcome::wait,  lease_outcome::failed,
                                lease_outcome::newer, lease_outcome::uncacheable};
  if (auto why = fault_in(reply, "lease")) return *std::move(why);
  const view root = reply.root();
  if (root.kind() != type::array || root.size() != 4) return misshapen("lease");
  const auto which = count_in(root[0], std::ssize(outcomes) - 1);
  const auto now = count_in(root[1], any);
  const auto number = count_in(root[2], any);
  const view bytes = root[3];
  if (!which || !now || !number || bytes.kind() != type::bulk_string) return misshapen("lease");

  lease_reply read;
  read.outcome = outcomes[static_cast<std::size_t>(*which)];
  read.now = server_time{milliseconds{*now}};
  if (!has_right_size(read.outcome, bytes.text().size())) return misshapen("lease");
  if (read.outcome == lease_outcome::lead) {
    if (*number > std::numeric_limits<std::uint32_t>::max()) return misshapen("lease");
    read.attempts = static_cast<std::uint32_t>(*number);
  } else {
    read.left = milliseconds{*number};
  }
  read.entry_bytes = take_text(reply, bytes);
  return read;
}

result<fill_reply> read_fill(const resp::message& reply) {
  constexpr std::array outcomes{fill_outcome::refused, fill_outcome::stored,
                                fill_outcome::duplicate};
  if (auto why = fault_in(reply, "fill")) return *std::move(why);
  const view root = reply.root();
  if (root.kind() != type::array || root.size() != 2) return misshapen("fill");
  const auto which = count_in(root[0], std::ssize(outcomes) - 1);
  const auto now = count_in(root[1], any);
  if (!which || !now) return misshapen("fill");
  return fill_reply{outcomes[static_cast<std::size_t>(*which)], server_time{milliseconds{*now}}};
}

result<step_reply> read_step(const resp::message& reply) {
  if (auto why = fault_in(reply, "a step")) return *std::move(why);
  const auto applied = count_in(reply.root(), 2);
  if (!applied) return misshapen("a step");
  return step_reply{*applied != 0};
}

result<refresh_mark_reply> read_refresh_mark(resp::message&& set_reply,
                                             resp::message&& range_reply) {
  if (auto why = fault_in(set_reply, "SET")) return *std::move(why);
  if (auto why = fault_in(range_reply, "GETRANGE")) return *std::move(why);
  const view set = set_reply.root();
  const bool won = set.kind() == type::simple_string && set.text() == "OK";
  if (!won && !set.is_null()) return misshapen("SET");
  const view range = range_reply.root();
  if (range.kind() != type::bulk_string || range.text().size() > entry::envelope_size) {
    return misshapen("GETRANGE");
  }
  return refresh_mark_reply{won, take_text(range_reply, range)};
}

result<void> read_acknowledged(const resp::message& reply) {
  if (auto why = fault_in(reply, "a command")) return *std::move(why);
  const view root = reply.root();
  const bool is_ok = root.kind() == type::simple_string && root.text() == "OK";
  if (!is_ok && !count_in(root, any)) return misshapen("a command");
  return {};
}

result<std::vector<std::uint64_t>> read_holders(const resp::message& reply) {
  if (auto why = fault_in(reply, "CLIENT LIST")) return *std::move(why);
  const view root = reply.root();
  if (root.kind() != type::bulk_string && root.kind() != type::verbatim_string) {
    return misshapen("CLIENT LIST");
  }
  std::vector<std::uint64_t> connected;
  std::string_view rest = root.text();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) continue;
    const std::string_view first = line.substr(0, line.find(' '));
    if (!first.starts_with("id=")) return misshapen("CLIENT LIST");
    const auto id = number_in(first.substr(3), std::numeric_limits<std::uint64_t>::max());
    if (!id) return misshapen("CLIENT LIST");
    connected.push_back(*id);
  }
  std::sort(connected.begin(), connected.end());
  return connected;
}

push_notice read_push(const resp::message& push) {
  if (push.empty()) return {};
  const view root = push.root();
  if (root.kind() != type::push || root.size() < 2 || !root[0].is_string()) return {};
  const std::string_view name = root[0].text();
  if (name == "message" && root[1].is_string()) {
    return {push_kind::channel, {std::string{root[1].text()}}};
  }
  if (name == "subscribe" && root[1].is_string()) {
    return {push_kind::subscribed, {std::string{root[1].text()}}};
  }
  if (name != "invalidate") return {};
  // A needless wake-up costs a round trip. A missing one could leave a wrong value in use.
  const push_notice everything{push_kind::everything, {}};
  push_notice notice{push_kind::keys, {}};
  if (root[1].kind() != type::array) return everything;
  for (std::size_t i = 0; i < root[1].size(); ++i) {
    const view key = root[1][i];
    if (!key.is_string()) return everything;
    notice.names.emplace_back(key.text());
  }
  return notice;
}

}  // namespace drover::lease
