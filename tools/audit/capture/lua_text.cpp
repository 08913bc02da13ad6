// SPDX-License-Identifier: MIT
#include "audit/capture/lua_text.hpp"

#include <algorithm>
#include <array>

namespace drover::audit {
namespace {

bool is_lua_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_lua_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class lexer {
 public:
  explicit lexer(std::string_view rest) : rest_{rest} {}

  std::vector<lua_token> tokens() {
    std::vector<lua_token> out;
    while (out.size() < lua_tokens_max && skip_blanks()) out.push_back(next());
    return out;
  }

 private:
  /// Skips white space and comments. Returns whether any text is left.
  bool skip_blanks() {
    for (;;) {
      const std::size_t at = rest_.find_first_not_of(" \t\r\n\f\v");
      rest_.remove_prefix(std::min(at, rest_.size()));
      if (!rest_.starts_with("--")) return !rest_.empty();
      rest_.remove_prefix(2);
      if (bracket_size() > 0) {
        (void)long_text(bracket_size());
      } else {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      }
    }
  }

  lua_token next() {
    const char first = rest_[0];
    if (is_lua_letter(first)) {
      return take(lua_token::kind::name,
                  [](char c) { return is_lua_letter(c) || is_lua_digit(c); });
    }
    if (is_lua_digit(first)) {
      return take(lua_token::kind::number,
                  [](char c) { return is_lua_letter(c) || is_lua_digit(c) || c == '.'; });
    }
    if (first == '\'' || first == '"') return quoted(first);
    if (bracket_size() > 0) return {lua_token::kind::text, long_text(bracket_size())};
    constexpr auto pairs = std::to_array<std::string_view>({"==", "~=", "<=", ">=", ".."});
    const bool is_pair = std::any_of(pairs.begin(), pairs.end(), [this](std::string_view text) {
      return rest_.starts_with(text);
    });
    return {lua_token::kind::sign, cut(is_pair ? 2 : 1)};
  }

  template <class May>
  lua_token take(lua_token::kind type, May may) {
    std::size_t size = 1;
    while (size < rest_.size() && may(rest_[size])) ++size;
    return {type, cut(size)};
  }

  lua_token quoted(char quote) {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' ? 2U : 1U;
    const std::string_view inside = rest_.substr(1, std::min(end, rest_.size()) - 1);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return {lua_token::kind::text, inside};
  }

  /// The length of an opening bracket such as `[[` or `[==[`; 0: there is none.
  [[nodiscard]] std::size_t bracket_size() const noexcept {
    if (!rest_.starts_with('[')) return 0;
    std::size_t size = 1;
    while (size < rest_.size() && rest_[size] == '=') ++size;
    return size < rest_.size() && rest_[size] == '[' ? size + 1 : 0;
  }

  std::string_view long_text(std::size_t opening) {
    std::string closing(rest_.substr(0, opening));
    std::replace(closing.begin(), closing.end(), '[', ']');
    const std::size_t end = rest_.find(closing, opening);
    const std::string_view inside = rest_.substr(opening, end - opening);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + opening);
    return inside;
  }

  std::string_view cut(std::size_t size) {
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(out.size());
    return out;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<lua_token> lua_tokens(std::string_view body) { return lexer{body}.tokens(); }

std::string normalised_lua(std::string_view body) {
  std::string out;
  for (const lua_token& token : lua_tokens(body)) {
    if (token.text == ";" && token.type == lua_token::kind::sign) continue;
    if (!out.empty()) out += ' ';
    if (token.type == lua_token::kind::text) out += '\'';
    out += token.text;
    if (token.type == lua_token::kind::text) out += '\'';
  }
  return out;
}

}  // namespace drover::audit
