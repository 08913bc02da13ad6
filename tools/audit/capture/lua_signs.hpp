// SPDX-License-Identifier: MIT
// Questions about single tokens of a Lua script.
// Pure. Threads: any.
#pragma once

#include <string_view>

#include "audit/capture/lua_text.hpp"

namespace drover::audit {

[[nodiscard]] inline bool is_sign(const lua_token& token, std::string_view text) noexcept {
  return token.type == lua_token::kind::sign && token.text == text;
}

[[nodiscard]] inline bool is_name(const lua_token& token, std::string_view text) noexcept {
  return token.type == lua_token::kind::name && token.text == text;
}

[[nodiscard]] inline bool opens(const lua_token& token) noexcept {
  return is_sign(token, "(") || is_sign(token, "[") || is_sign(token, "{");
}
[[nodiscard]] inline bool closes(const lua_token& token) noexcept {
  return is_sign(token, ")") || is_sign(token, "]") || is_sign(token, "}");
}

}  // namespace drover::audit
