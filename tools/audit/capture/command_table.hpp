// SPDX-License-Identifier: MIT
// The commands by name: the effect of each on its connection, and the roles of its arguments.
// Pure. Threads: any. The table is built on first use and never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

enum class argument_role : std::uint8_t { value, word, key, secret, script };

/// The effect of a command on its connection, or the kind of script that it carries or calls.
enum class effect : std::uint8_t {
  none,
  subscribe,
  psubscribe,
  ssubscribe,
  unsubscribe,
  punsubscribe,
  sunsubscribe,
  hello,
  select,
  reset,
  multi,
  exec,
  discard,
  monitor,
  sync,
  client_reply,
  client_setname,
  client_setinfo,
  eval,
  evalsha,
  script_load,
  fcall,
  function_load,
};

class command_spec {
 public:
  /// `arguments`: in the notation of command_list.hpp.
  command_spec(std::string name, std::string_view arguments, effect does);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] effect does() const noexcept { return does_; }

  /// Sets `into` to the roles of `texts`: the first `texts.size()` of the `count` arguments after
  /// the name of the command.
  void assign(std::span<const std::string_view> texts, std::size_t count,
              std::vector<argument_role>& into) const;

 private:
  friend class argument_walk;
  struct option;
  struct step {
    char symbol = 'v';  // a character of the notation; '(' for a group, '[' for options
    bool repeats = false;
    std::size_t after = 0;  // number of arguments that the steps after this one need
    std::vector<step> group;
    std::vector<option> options;
  };
  struct option {
    std::string name;
    std::vector<step> steps;
  };

  static std::vector<step> parse(std::string_view& text, char until);
  static std::vector<option> parse_options(std::string_view& text);

  std::string name_;
  std::vector<step> steps_;
  effect does_;
  bool takes_secrets_;
};

struct command_match {
  /// nullptr: the command is not in the table.
  const command_spec* spec = nullptr;
  /// The number of arguments that make up the name: 1, or 2 with a subcommand.
  std::size_t words = 1;
};

/// Looks up a command. Ignores the case of letters. `second` is the second word of the request, ""
/// if there is none.
[[nodiscard]] command_match find_command(std::string_view first, std::string_view second) noexcept;

/// Whether an unknown word may be the name of a command: 2 to 32 characters, a letter followed by
/// letters, '.', '_' and '-'.
[[nodiscard]] bool is_like_command(std::string_view word) noexcept;

/// Whether the text is a number that may be kept as text: an integer, a real number or an infinity
/// of at most 32 characters.
[[nodiscard]] bool is_number_word(std::string_view text) noexcept;

[[nodiscard]] constexpr char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace drover::audit
