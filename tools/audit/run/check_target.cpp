// SPDX-License-Identifier: MIT
// The pure part of the checks: what is asked, and what an answer says.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "audit/run/application_check.hpp"
#include "base/printing.hpp"

namespace drover::audit {
namespace {

constexpr std::string_view scheme = "http://";
constexpr std::uint16_t http_port = 80;
constexpr std::size_t status_max = 80;

fault not_a_url(const std::string& typed, const std::string& reason) {
  return {fault_code::unsupported, "--check '" + typed + "': " + reason};
}

/// The value of a header field of the answer's head.
std::optional<std::string_view> field_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - (at + 2));
    const std::size_t colon = line.find(':');
    const bool is_it = colon == name.size() &&
                       std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
                         return a == std::tolower(static_cast<unsigned char>(b));
                       });
    if (!is_it) continue;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }
  return std::nullopt;
}

}  // namespace

result<check_target> parse_check(const std::string& typed) {
  check_target target;
  if (typed.starts_with("https://")) {
    return not_a_url(typed,
                     "TLS is not supported; use a command such as 'curl -fsS " + typed + "'");
  }
  if (!typed.starts_with(scheme)) {
    if (typed.find_first_not_of(" \t") == std::string::npos) {
      return not_a_url(typed, "must be a URL or a command");
    }
    target.command = typed;
    return target;
  }
  const std::string_view rest = std::string_view{typed}.substr(scheme.size());
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  std::string host{rest.substr(0, slash)};
  const std::size_t after_bracket = host.find(']');
  const bool has_port =
      host.find(':', after_bracket == std::string::npos ? 0 : after_bracket) != std::string::npos;
  if (!has_port) host += ':' + std::to_string(http_port);
  auto server = parse_address(host);
  const bool is_strange = std::ranges::any_of(
      typed, [](unsigned char byte) { return byte <= ' ' || byte >= 0x7f || byte == '#'; });
  if (!server || server->is_unix() || server->port == 0 || host.find('@') != std::string::npos ||
      host.starts_with(':') || is_strange) {
    return not_a_url(typed, "must be a URL such as http://127.0.0.1:8080/products/1, or a command");
  }
  target.server = *std::move(server);
  target.path = rest.substr(slash);
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  return target;
}

std::string status_of_answer(std::string_view bytes) {
  constexpr std::array<std::string_view, 2> versions{"HTTP/1.1 ", "HTTP/1.0 "};
  const std::size_t end = bytes.find_first_of("\r\n");
  if (end == std::string_view::npos) return {};
  for (const std::string_view version : versions) {
    if (bytes.starts_with(version)) {
      return base::escape(bytes.substr(version.size(), end - version.size()), status_max);
    }
  }
  return {};
}

bool is_whole_answer(std::string_view bytes, bool has_ended) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  const std::string_view head = bytes.substr(0, end);
  const auto length = field_of(head, "content-length");
  if (!length) return has_ended || bytes.ends_with("\r\n0\r\n\r\n");
  std::uint64_t size = 0;
  const auto parsed = std::from_chars(length->data(), length->data() + length->size(), size);
  if (parsed.ec != std::errc{}) return has_ended;
  return bytes.size() - (end + 4) >= size;
}

}  // namespace drover::audit
