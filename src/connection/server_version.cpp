// SPDX-License-Identifier: MIT
#include "connection/server_version.hpp"

#include <charconv>
#include <system_error>

namespace drover::connection {
namespace {

/// Removes the number at the beginning of `text`. False: `text` does not begin with a number.
bool take_number(std::string_view& text, unsigned& number) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_point(std::string_view& text) noexcept {
  if (text.empty() || text.front() != '.') return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<server_version> parse_version(std::string_view text) noexcept {
  server_version version;
  if (!take_number(text, version.major_number)) return std::nullopt;
  if (!take_point(text) || !take_number(text, version.minor_number)) return std::nullopt;
  if (take_point(text) && !take_number(text, version.patch_number)) return std::nullopt;
  return version;
}

std::string describe(const server_version& version) {
  return std::to_string(version.major_number) + '.' + std::to_string(version.minor_number) + '.' +
         std::to_string(version.patch_number);
}

std::string required_server() {
  return "Redis " + describe(oldest_redis) + " or newer, or Valkey, is required";
}

}  // namespace drover::connection
