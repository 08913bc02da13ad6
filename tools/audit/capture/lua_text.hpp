// SPDX-License-Identifier: MIT
// Lua text as a list of tokens, without comments. Enough to see what a script calls and compares.
// Pure; never fails: what is no Lua gives some tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

struct lua_token {
  enum class kind : std::uint8_t { name, text, number, sign };
  kind is = kind::sign;
  std::string_view text;  ///< a text without its quotes; as written, escapes and all
};

/// Lifetime: the tokens look into `body`. At most `lua_tokens_max` of them.
[[nodiscard]] std::vector<lua_token> lua_tokens(std::string_view body);
inline constexpr std::size_t lua_tokens_max = 8000;

/// All tokens with one blank between them: equal for bodies that differ in white space and comments
/// only.
[[nodiscard]] std::string normalised_lua(std::string_view body);

}  // namespace drover::audit
