// SPDX-License-Identifier: MIT
// The commands of Redis 7 and 8, of Valkey 8 and 9 and of the usual modules, with the roles of
// their arguments.
#pragma once

#include <span>
#include <string_view>

namespace drover::audit {

/// One command. `arguments` is a sequence of steps, with optional blanks between them:
///
///   k      a key                          v    a value, or any text from outside
///   #      a numeric option               x    a secret, which is not even hashed
///   s      the body of a script           ~    an optional = or ~
///   n      a count, then as many keys     p    a count, then as many pairs of key and value
///   S      keys, then as many values      ( )  groups steps
///   *      after a step or a group: repeats it until only the arguments that the following steps
///          need are left
///   [A B:# C:kv]  options in any order, separated by blanks, each with its own steps. The first
///          argument that is not one of them ends the options.
///
/// Further arguments are values. An argument for `#` that is not a number is a value, too: only
/// texts listed here are kept.
struct listed_command {
  /// Upper case. The name of a subcommand includes its container.
  std::string_view name;
  std::string_view arguments;
};

[[nodiscard]] std::span<const listed_command> listed_commands();
[[nodiscard]] std::span<const listed_command> module_commands();

/// A command whose second word is a subcommand and part of the name.
struct listed_container {
  std::string_view name;
  /// The arguments of the subcommands that are not a `listed_command`.
  std::string_view arguments;
  /// The subcommands that are not a `listed_command`, separated by blanks.
  std::string_view subcommands;
};

[[nodiscard]] std::span<const listed_container> listed_containers();

}  // namespace drover::audit
