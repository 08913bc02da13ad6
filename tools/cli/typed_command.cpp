// SPDX-License-Identifier: MIT
#include "cli/typed_command.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "simulate/origins/origin_address.hpp"

namespace drover::cli {
namespace {

constexpr std::string_view masked_value = "...";

/// Whether an option takes a secret. redis-cli and redis-benchmark take a password after -a.
bool takes_a_secret(std::string_view option) {
  if (option == "-a") return true;
  if (!option.starts_with("-")) return false;
  std::string name{option};
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(std::array{"pass", "secret", "token", "credential", "api-key"},
                             [&](const char* part) { return name.find(part) != name.npos; });
}

/// Removes the password from each URL in the word. A URL at the beginning of the word or after '='
/// extends to the end of the word, because its password may contain a blank. Elsewhere a URL ends
/// at a blank or a quotation mark.
std::string without_passwords(std::string_view word) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz+";
  std::string masked;
  for (std::size_t scheme_end = word.find("://"); scheme_end != word.npos;
       scheme_end = word.find("://")) {
    const std::string_view before = word.substr(0, scheme_end);
    const std::size_t begin = before.find_last_not_of(letters) + 1;
    if (begin == scheme_end) {
      masked += word.substr(0, scheme_end + 1);
      word.remove_prefix(scheme_end + 1);
      continue;
    }
    const bool is_all = begin == 0 || word[begin - 1] == '=';
    const std::size_t end = is_all ? word.npos : word.find_first_of(" '\"", scheme_end);
    masked += word.substr(0, begin);
    masked += simulate::without_password(word.substr(begin, end - begin));
    word.remove_prefix(std::min(end, word.size()));
  }
  return masked + std::string{word};
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
    std::string masked = without_passwords(word);
    const std::size_t equals = word.find('=');
    if (is_secret) {
      masked = masked_value;
    } else if (equals != std::string::npos && takes_a_secret(word.substr(0, equals))) {
      masked = word.substr(0, equals + 1) + std::string{masked_value};
    }
    is_secret = !is_secret && equals == std::string::npos && takes_a_secret(word);
    line += (line.empty() ? "" : " ") + quoted_word(masked);
  }
  return line;
}

}  // namespace drover::cli
