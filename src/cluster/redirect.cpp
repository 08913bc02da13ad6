// SPDX-License-Identifier: MIT
#include "cluster/redirect.hpp"

#include <charconv>
#include <string>
#include <system_error>

#include "cluster/host_text.hpp"
#include "cluster/key_slot.hpp"

namespace drover::cluster {
namespace {

std::optional<std::uint16_t> short_number(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The host may be an IPv6 address, with or without brackets, so the last colon is before the port.
std::optional<base::host_port> target_in(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = short_number(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (!port || *port == 0) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  // A node that is to announce a host name but has none sends "?".
  if (host == "?") host = {};
  if (!host.empty() && !is_host_text(host)) return std::nullopt;
  return base::host_port{std::string{host}, *port};
}

bool has_code(std::string_view error, std::string_view code) {
  return error == code || (error.starts_with(code) && error.substr(code.size()).front() == ' ');
}

}  // namespace

std::optional<redirect> read_redirect(std::string_view error) {
  using kind = redirect_kind;
  if (has_code(error, "TRYAGAIN")) return redirect{.kind = kind::try_again};
  if (has_code(error, "CLUSTERDOWN")) return redirect{.kind = kind::cluster_down};
  if (has_code(error, "CROSSSLOT")) return redirect{.kind = kind::cross_slot};
  const bool is_moved = has_code(error, "MOVED");
  if (!is_moved && !has_code(error, "ASK")) return std::nullopt;
  error.remove_prefix(is_moved ? 5 : 3);
  if (error.empty()) return std::nullopt;
  error.remove_prefix(1);
  const auto space = error.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto slot = short_number(error.substr(0, space));
  auto to = target_in(error.substr(space + 1));
  if (!slot || *slot >= slot_count || !to) return std::nullopt;
  return redirect{.kind = is_moved ? kind::moved : kind::ask, .slot = *slot, .to = *std::move(to)};
}

base::host_port target_of(const redirect& read, const base::host_port& asked) {
  return {read.to.host.empty() ? asked.host : read.to.host, read.to.port};
}

}  // namespace drover::cluster
