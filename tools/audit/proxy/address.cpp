// SPDX-License-Identifier: MIT
#include "audit/proxy/address.hpp"

#include <charconv>
#include <optional>
#include <system_error>

#include "base/printing.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t unix_path_max = 107;  // sun_path of <sys/un.h>, without its end
constexpr std::size_t host_max = 255;
constexpr std::size_t text_max = 200;

fault refuse(std::string_view text, std::string_view reason) {
  return {fault_code::unsupported, "address '" + base::escape(text, text_max) +
                                       "': " + std::string{reason} +
                                       "; give HOST:PORT, [IPv6]:PORT, PORT or unix:///PATH"};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

result<address> parse_path(std::string_view text, std::string_view path) {
  if (path.substr(0, 2) == "//") path.remove_prefix(2);
  if (path.empty()) return refuse(text, "the path is missing");
  if (path.size() > unix_path_max) {
    return refuse(text, "the path of a Unix socket has at most 107 bytes");
  }
  if (path.find('\0') != std::string_view::npos)
    return refuse(text, "the path contains a zero byte");
  address out;
  out.path = path;
  return out;
}

}  // namespace

result<address> parse_address(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix:";
  if (text.substr(0, unix_scheme.size()) == unix_scheme) {
    return parse_path(text, text.substr(unix_scheme.size()));
  }
  if (!text.empty() && text.front() == '/') return parse_path(text, text);
  address out;
  std::string_view port = text;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find("]:");
    if (end == std::string_view::npos) return refuse(text, "an IPv6 address must end with ]:PORT");
    out.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos) {
      return refuse(text, "an IPv6 address must be enclosed in [ ]");
    }
    if (colon > 0) out.host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (out.host.empty() || out.host.size() > host_max ||
      out.host.find_first_of(std::string_view{"/@ \0", 4}) != std::string::npos) {
    return refuse(text, "the host is invalid");
  }
  const auto number = parse_port(port);
  if (!number) return refuse(text, "the port must be a number from 0 to 65535");
  out.port = *number;
  return out;
}

std::string describe(const address& at) {
  if (at.is_unix()) return at.path.front() == '/' ? "unix://" + at.path : "unix:" + at.path;
  const bool is_ipv6 = at.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
}

}  // namespace drover::audit
