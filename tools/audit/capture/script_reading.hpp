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
  /// The index of its first token.
  std::size_t position = 0;
  /// The block that it is in: an index into `script_reading::blocks`.
  std::size_t block = 0;
};

/// The statements between `then` and `end`, `do` and `end`, and so on. The first block is the whole
/// script.
struct lua_block {
  std::size_t parent = 0;
  /// The indexes of its first token, and of the one after it.
  std::size_t from = 0;
  std::size_t to = 0;
  /// Its condition is tested: it may run or not.
  bool conditional = false;
  /// The condition asks whether something is missing, differs or failed.
  bool negated = false;
  /// A `return` is directly in it.
  bool exits = false;
  /// The tokens of its condition.
  std::size_t condition_from = 0;
  std::size_t condition_to = 0;
  /// The first block of the `if`, `elseif` and `else` of which one runs; 0: it is no such block.
  std::size_t chain = 0;
  /// The calls whose results are in the condition: indexes into `script_reading::calls`.
  std::vector<unsigned> asked{};
};

/// The result of a reading command is compared with an argument of the script.
struct lua_compare {
  unsigned call = 0;
  unsigned argument = 0;
  std::size_t position = 0;
};

/// A `return`, or the end of the script.
struct lua_return {
  enum class kind : std::uint8_t { other, null, integer, text, status, aggregate, error, result };
  kind type = kind::other;
  std::int64_t integer = 0;
  std::string_view text{};
  /// aggregate: its first element is `integer`.
  bool begins_with_integer = false;
  /// result: the index of the call. aggregate: of a call whose result is an element, if `has_call`.
  unsigned call = 0;
  bool has_call = false;
  std::size_t position = 0;
  std::size_t end = 0;
  std::size_t block = 0;
};

/// Lifetime: it refers to the text of the script.
struct script_reading {
  std::vector<lua_call> calls;
  std::vector<lua_block> blocks;
  std::vector<lua_compare> compares;
  std::vector<lua_return> returns;
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
