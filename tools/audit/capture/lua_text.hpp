// SPDX-License-Identifier: MIT
// Splits Lua text into tokens, without comments. This is enough to find the calls and comparisons
// of a script. Pure. Never fails: invalid Lua yields some tokens, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

struct lua_token {
  enum class kind : std::uint8_t { name, text, number, sign };
  kind type = kind::sign;
  /// As written, with all escapes. A string is without its quotes.
  std::string_view text;
};

/// At most `lua_tokens_max` tokens. Lifetime: the tokens refer to `body`.
[[nodiscard]] std::vector<lua_token> lua_tokens(std::string_view body);
inline constexpr std::size_t lua_tokens_max = 8000;

/// The tokens without semicolons, with one blank between them. Equal for bodies that differ only in
/// white space, comments, semicolons and the kind of quotes.
[[nodiscard]] std::string normalised_lua(std::string_view body);

}  // namespace drover::audit
