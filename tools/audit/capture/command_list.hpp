// SPDX-License-Identifier: MIT
// The commands of Redis 7 and 8, Valkey 8 and 9 and the usual modules, and what their arguments
// are.
#pragma once

#include <span>
#include <string_view>

namespace drover::audit {

/// One command. The notation of `arguments`, steps with blanks between them:
///
///   k      a key                          v    a value, or anything a stranger may have chosen
///   #      a number that says how         x    a secret: not even hashed
///   s      the body of a script           ~    nothing, or = or ~
///   n      a number of keys, and they     p    a number of pairs, and they, each a key and a value
///   S      keys, then as many values      ( )  steps as a group
///   *      behind a step or group: again and again, until only what the steps behind it need is
///          left
///   [A B:# C:kv]  options in any order, each with its own steps; the first argument that is none
///          of them ends them
///
/// Arguments beyond what is noted are values. A `#` that is no number is a value, too: no text is
/// kept that is not listed here.
struct listed_command {
  std::string_view name;  ///< upper case; a container's with its subcommand
  std::string_view arguments;
};

[[nodiscard]] std::span<const listed_command> listed_commands();
[[nodiscard]] std::span<const listed_command> module_commands();

/// One whose second word is part of its name.
struct listed_container {
  std::string_view name;
  std::string_view arguments;    ///< of those subcommands that are no `listed_command`
  std::string_view subcommands;  ///< which may be named, besides those that are
};

[[nodiscard]] std::span<const listed_container> listed_containers();

}  // namespace drover::audit
