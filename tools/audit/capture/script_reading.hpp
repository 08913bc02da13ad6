// SPDX-License-Identifier: MIT
// Finds the commands that a Lua script calls, the arguments that it passes to them, and the
// arguments that it compares with their results. Follows local variables that hold KEYS[n],
// ARGV[n] or the result of a call.
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

/// The origin of the value of an expression.
struct lua_operand {
  enum class kind : std::uint8_t { other, key, argument, text, result };
  kind type = kind::other;
  /// key, argument: the index, starting at 1. result: the index of the call, starting at 0.
  unsigned number = 0;
  /// text: the text in upper case.
  std::string word;
};

struct lua_call {
  /// Upper case. "" if it is not a literal.
  std::string command;
  /// The arguments after the name of the command.
  std::vector<lua_operand> arguments;
};

struct script_reading {
  std::vector<lua_call> calls;
  /// The ARGV index that is compared with the result of a reading command; 0: none.
  unsigned compared_argument = 0;
  bool returns_nil = false;
  /// The last `return` returns the result of PTTL, TTL or GET.
  bool ends_with_state = false;
};

/// `keys` and `arguments`: the names of the tables, which are KEYS and ARGV or the parameters of a
/// function.
[[nodiscard]] script_reading read_script(std::span<const lua_token> tokens,
                                         std::string_view keys = "KEYS",
                                         std::string_view arguments = "ARGV");

}  // namespace drover::audit
