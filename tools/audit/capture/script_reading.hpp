// SPDX-License-Identifier: MIT
// A Lua text read for what it calls and compares: which commands, on which of its arguments.
// Local names of KEYS[n], ARGV[n] and of results are followed one step.
// Pure. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/lua_text.hpp"

namespace drover::audit {

/// What an expression comes down to.
struct lua_operand {
  enum class kind : std::uint8_t { other, key, argument, text, result };
  kind is = kind::other;
  unsigned number = 0;  ///< key, argument: which, from 1; result: index of the call, from 0
  std::string word;     ///< text: upper case
};

struct lua_call {
  std::string command;                 ///< upper case
  std::vector<lua_operand> arguments;  ///< behind the command's name
};

struct script_reading {
  std::vector<lua_call> calls;
  /// ARGV that is compared with what a call of a reading command answered; 0: none.
  unsigned compared_argument = 0;
  bool returns_nil = false;
  bool ends_with_state = false;  ///< the last `return` returns what PTTL, TTL or GET answers
};

/// `keys` and `arguments`: what the tables are called; KEYS and ARGV, or a function's parameters.
[[nodiscard]] script_reading read_script(std::span<const lua_token> tokens,
                                         std::string_view keys = "KEYS",
                                         std::string_view arguments = "ARGV");

}  // namespace drover::audit
