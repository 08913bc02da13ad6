// SPDX-License-Identifier: MIT
#include "cli/typed_command.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "origins/origin_address.hpp"

namespace drover::cli {
namespace {

constexpr std::string_view left_out = "...";

/// "-a" is redis-cli's and redis-benchmark's.
bool is_about_a_secret(std::string_view option) {
  if (option == "-a") return true;
  if (!option.starts_with("-")) return false;
  std::string name{option};
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(std::array{"pass", "secret", "token", "credential", "api-key"},
                             [&](const char* part) { return name.find(part) != name.npos; });
}

}  // namespace

std::string quoted_word(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
    return std::string{word};
  }
  std::string quoted = "'";
  for (const char byte : word) quoted += byte == '\'' ? std::string{"'\\''"} : std::string{byte};
  return quoted + '\'';
}

std::string typed_command(const std::vector<std::string>& words) {
  std::string line;
  bool is_secret = false;
  for (const std::string& word : words) {
    std::string shown = word.find("://") == word.npos ? word : simulate::without_password(word);
    const std::size_t equals = word.find('=');
    if (is_secret) {
      shown = left_out;
    } else if (equals != std::string::npos && is_about_a_secret(word.substr(0, equals))) {
      shown = word.substr(0, equals + 1) + std::string{left_out};
    }
    is_secret = !is_secret && equals == std::string::npos && is_about_a_secret(word);
    line += (line.empty() ? "" : " ") + quoted_word(shown);
  }
  return line;
}

}  // namespace drover::cli
