// SPDX-License-Identifier: MIT
#include "connection/sentinel.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "connection/faults.hpp"
#include "resp/writer.hpp"

namespace drover::connection {
namespace {

constexpr std::size_t named_host_max = 255;

template <class Unsigned>
std::optional<Unsigned> unsigned_in(std::string_view text) {
  Unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

fault useless(std::string text) { return fault{fault_code::unsupported, std::move(text)}; }

// A text with a zero would name another host to the resolver and to TLS than to people.
bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= named_host_max &&
         std::ranges::none_of(text, [](char c) { return c <= ' ' || c >= '\x7F'; });
}

std::optional<host_port> address_in(resp::view reply) {
  if (reply.kind() != resp::type::array || reply.size() != 2) return std::nullopt;
  if (!reply[0].is_string() || !reply[1].is_string()) return std::nullopt;
  const auto port = unsigned_in<std::uint16_t>(reply[1].text());
  const std::string_view host = reply[0].text();
  if (!port || *port == 0 || !is_host(host)) return std::nullopt;
  return host_port{std::string{host}, *port};
}

// SENTINEL MASTER: a list of names and values in RESP2, a map in RESP3.
std::string_view detail_of(resp::view reply, std::string_view name) {
  for (std::size_t i = 0; i + 1 < reply.size(); i += 2) {
    if (reply[i].is_string() && reply[i].text() == name && reply[i + 1].is_string()) {
      return reply[i + 1].text();
    }
  }
  return {};
}

bool has_flag(std::string_view flags, std::string_view wanted) {
  while (!flags.empty()) {
    const auto comma = flags.find(',');
    if (flags.substr(0, comma) == wanted) return true;
    flags = comma == std::string_view::npos ? std::string_view{} : flags.substr(comma + 1);
  }
  return false;
}

// SENTINEL REPLICAS: a list of such lists. The sentinel that leads a failover marks the replica
// that it has chosen.
std::optional<host_port> promoted_in(resp::view replicas) {
  if (replicas.kind() != resp::type::array) return std::nullopt;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    const std::string_view host = detail_of(replicas[i], "ip");
    const auto port = unsigned_in<std::uint16_t>(detail_of(replicas[i], "port"));
    if (!has_flag(detail_of(replicas[i], "flags"), "promoted") || !is_host(host)) continue;
    if (port && *port != 0) return host_port{std::string{host}, *port};
  }
  return std::nullopt;
}

fault refused_question(std::string_view text) {
  if (text.starts_with("WRONGPASS")) return useless("it refuses user or password (WRONGPASS)");
  if (text.starts_with("NOAUTH")) return useless("it wants a password (NOAUTH)");
  if (text.starts_with("NOPERM")) return useless("its user may not run SENTINEL (NOPERM)");
  if (text.find("unknown command") != std::string_view::npos) return useless("it is no sentinel");
  return useless("it refuses the request");
}

}  // namespace

sentinel_request write_sentinel_request(std::string_view service, std::string_view user,
                                        std::string_view password) {
  sentinel_request request;
  if (!password.empty()) {
    if (user.empty()) {
      resp::write_command(request.bytes, {"AUTH", password});
    } else {
      resp::write_command(request.bytes, {"AUTH", user, password});
    }
    ++request.replies;
  }
  resp::write_command(request.bytes, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", service});
  resp::write_command(request.bytes, {"SENTINEL", "MASTER", service});
  resp::write_command(request.bytes, {"SENTINEL", "REPLICAS", service});
  request.replies += 3;
  return request;
}

// A user of the sentinel may have the right to the first request only. The epoch is unknown then,
// and a new primary is known later.
result<primary_report> read_primary_report(std::span<const resp::message> replies,
                                           std::string_view service) {
  for (const resp::message& reply : replies.first(replies.size() - 2)) {
    if (reply.root().is_error()) return refused_question(reply.root().text());
  }
  const resp::view named = replies[replies.size() - 3].root();
  if (named.is_null())
    return useless("it does not know the service '" + std::string{service} + "'");
  auto at = address_in(named);
  if (!at) return useless("its reply is not the address of a primary");
  primary_report report{.at = *std::move(at), .promoted = promoted_in(replies.back().root())};
  const resp::view details = replies[replies.size() - 2].root();
  if (details.is_error()) return report;
  if (const auto epoch = unsigned_in<std::uint64_t>(detail_of(details, "config-epoch"))) {
    report.config_epoch = *epoch;
  }
  // During a failover the first reply may name the new primary already, and the second one describe
  // the old one.
  const bool is_same =
      detail_of(details, "ip") == report.at.host &&
      unsigned_in<std::uint16_t>(detail_of(details, "port")) == std::optional{report.at.port};
  const std::string_view flags = detail_of(details, "flags");
  report.is_agreed_down = is_same && has_flag(flags, "o_down");
  report.is_down = report.is_agreed_down || (is_same && has_flag(flags, "s_down"));
  return report;
}

std::vector<host_port> ranked(std::span<const primary_report> reports) {
  struct candidate {
    host_port at;
    std::uint64_t config_epoch = 0;
    std::size_t votes = 0;
    bool is_down = true;          ///< according to all that name it with this epoch
    bool is_agreed_down = false;  ///< according to one of them
  };
  std::vector<candidate> candidates;
  for (const primary_report& report : reports) {
    const auto known = std::ranges::find(candidates, report.at, &candidate::at);
    candidate& named = known != candidates.end() ? *known : candidates.emplace_back();
    if (named.votes == 0) named.at = report.at;
    if (report.config_epoch > named.config_epoch) {
      named.config_epoch = report.config_epoch;
      named.is_down = true;
      named.is_agreed_down = false;
    }
    ++named.votes;
    if (report.config_epoch == named.config_epoch) named.is_down &= report.is_down;
    if (report.config_epoch == named.config_epoch) named.is_agreed_down |= report.is_agreed_down;
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const candidate& left, const candidate& right) {
                     if (left.config_epoch != right.config_epoch) {
                       return left.config_epoch > right.config_epoch;
                     }
                     return left.votes > right.votes;
                   });
  std::vector<host_port> addresses;
  for (candidate& named : candidates) {
    if (!named.is_down && !named.is_agreed_down) addresses.push_back(std::move(named.at));
  }
  for (const primary_report& report : reports) {
    if (!report.promoted || std::ranges::find(addresses, *report.promoted) != addresses.end()) {
      continue;
    }
    addresses.push_back(*report.promoted);
  }
  return addresses;
}

// Subscribed with RESP2: message, channel, "<service> <old ip> <old port> <new ip> <new port>".
std::optional<host_port> new_primary_in(const resp::message& message, std::string_view service) {
  const resp::view root = message.root();
  if (root.size() != 3 || !root[1].is_string() || !root[2].is_string()) return std::nullopt;
  if (root[1].text() != "+switch-master") return std::nullopt;
  std::string_view text = root[2].text();
  if (!text.starts_with(service)) return std::nullopt;
  text.remove_prefix(service.size());
  std::array<std::string_view, 4> words;
  for (std::string_view& word : words) {
    if (text.empty() || text.front() != ' ') return std::nullopt;
    text.remove_prefix(1);
    word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
  }
  const auto port = unsigned_in<std::uint16_t>(words[3]);
  if (!text.empty() || !is_host(words[2]) || !port || *port == 0) return std::nullopt;
  return host_port{std::string{words[2]}, *port};
}

}  // namespace drover::connection
