// SPDX-License-Identifier: MIT
#include "simulate/origins/origin_address.hpp"

#include <algorithm>
#include <array>

namespace drover::simulate {
namespace {

constexpr std::array<std::string_view, 2> schemes{"postgresql://", "postgres://"};

/// The length of the scheme at the front of `text`, such as "postgresql://" or "redis://". 0 if
/// there is none.
std::size_t length_of_scheme(std::string_view text) {
  constexpr std::string_view end = "://";
  const std::size_t letters = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz+");
  return letters > 0 && letters != text.npos && text.substr(letters).starts_with(end)
             ? letters + end.size()
             : 0;
}

/// Whether `text` starts with a port that is followed by a path, parameters, another host or the
/// end.
bool is_port(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  return end > 0 && (end == text.size() || text.find_first_of("/?,") == end);
}

/// Removes the password from "user:password@host". If the end of the password is ambiguous, because
/// it contains an unescaped '@' or '/', too much is removed rather than too little.
std::string without_user_password(std::string_view url) {
  const std::size_t begin = length_of_scheme(url);
  const std::size_t parameters = std::min(url.find('?', begin), url.size());
  std::size_t colon = url.find(':', begin);
  if (begin < url.size() && url[begin] == '[') colon = url.find(':', url.find(']', begin));
  if (colon == url.npos) return std::string{url};
  const bool has_user = url.substr(0, parameters).find('@') != url.npos;
  if (!has_user && is_port(url.substr(colon + 1))) return std::string{url};
  const std::size_t at = url.rfind('@');
  if (at != url.npos && at < colon) return std::string{url};
  return std::string{url.substr(0, colon)} + std::string{at == url.npos ? "" : url.substr(at)};
}

bool is_secret(std::string_view parameter) {
  const std::string_view name = parameter.substr(0, parameter.find('='));
  // A name with a percent sign may be escaped.
  return name.find("password") != name.npos || name.find('%') != name.npos;
}

}  // namespace

std::optional<origin_choice> parse_origin(std::string_view text) {
  using enum origin_choice::kind;
  if (text == "sqlite") return origin_choice{.which = sqlite, .url = {}};
  if (text == "postgresql") return origin_choice{.which = postgresql_private, .url = {}};
  const bool is_url = std::ranges::any_of(
      schemes, [text](std::string_view scheme) { return text.starts_with(scheme); });
  if (!is_url || text.find('\0') != text.npos) return std::nullopt;
  return origin_choice{.which = postgresql, .url = std::string{text}};
}

std::string without_password(std::string_view url) {
  const std::string shorter = without_user_password(url);
  std::string_view rest = shorter;
  const std::size_t question = std::min(rest.find('?'), rest.size());
  std::string out{rest.substr(0, question)};
  rest.remove_prefix(question);
  char separator = '?';
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(parameter.size());
    if (is_secret(parameter)) continue;
    out += separator;
    out += parameter;
    separator = '&';
  }
  return out;
}

}  // namespace drover::simulate
