// SPDX-License-Identifier: MIT
#include "resp/inline_command.hpp"

#include <utility>

namespace drover::resp {
namespace {

constexpr bool is_white(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

// In the server, vertical tabs and form feeds do not end an unquoted argument.
constexpr bool ends_argument(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr char unescaped(char c) noexcept {
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return c;
  }
}

// Each of these functions removes the text that it reads from the front of `rest`.

void take_escape(std::string_view& rest, std::string& into) {
  const int high = rest.size() >= 4 && rest[1] == 'x' ? hex_digit(rest[2]) : -1;
  const int low = high >= 0 ? hex_digit(rest[3]) : -1;
  if (low >= 0) {
    into += static_cast<char>(high * 16 + low);
    rest.remove_prefix(4);
  } else {
    into += unescaped(rest[1]);
    rest.remove_prefix(2);
  }
}

bool take_quoted(std::string_view& rest, std::string& into) {
  const char quote = rest.front();
  rest.remove_prefix(1);
  while (!rest.empty()) {
    if (rest.front() == quote) {
      rest.remove_prefix(1);
      return rest.empty() || is_white(rest.front());
    }
    if (quote == '"' && rest.front() == '\\' && rest.size() > 1) {
      take_escape(rest, into);
    } else {
      if (quote == '\'' && rest.starts_with("\\'")) rest.remove_prefix(1);
      into += rest.front();
      rest.remove_prefix(1);
    }
  }
  return false;
}

bool take_argument(std::string_view& rest, std::string& into) {
  while (!rest.empty() && !ends_argument(rest.front())) {
    if (rest.front() == '"' || rest.front() == '\'') return take_quoted(rest, into);
    into += rest.front();
    rest.remove_prefix(1);
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> split_inline(std::string_view line) {
  std::vector<std::string> arguments;
  for (;;) {
    while (!line.empty() && is_white(line.front())) line.remove_prefix(1);
    if (line.empty()) return arguments;
    if (!take_argument(line, arguments.emplace_back())) return std::nullopt;
  }
}

}  // namespace drover::resp
