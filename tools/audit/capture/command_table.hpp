// SPDX-License-Identifier: MIT
// The commands by name: what a capture has to know of each, and which of its arguments are keys.
// Pure. Threads: any; the table is made at the first use and does not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

enum class argument_role : std::uint8_t { value, word, key, secret, script };

/// What a command does to its connection, or carries for the capture.
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
  /// `arguments` in the notation of command_list.hpp.
  command_spec(std::string name, std::string_view arguments, effect does);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] effect does() const noexcept { return does_; }

  /// The roles of the first `texts.size()` of the `count` arguments behind a request's name.
  void assign(std::span<const std::string_view> texts, std::size_t count,
              std::vector<argument_role>& into) const;

 private:
  friend class argument_walk;
  struct option;
  struct step {
    char what = 'v';  // as in the notation; '(' and '[' for groups and options
    bool repeats = false;
    std::size_t after = 0;  // arguments that the steps behind a repeating one need
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

struct found_command {
  const command_spec* spec = nullptr;  ///< nullptr: not in the table
  std::size_t words = 1;               ///< arguments that make up the name
};

/// `second`: the next word of the request, "" if there is none. In any case of letters.
[[nodiscard]] found_command find_command(std::string_view first, std::string_view second) noexcept;

/// Whether a word that is in no table may be a command's name: letters, and . _ - among them.
[[nodiscard]] bool is_like_command(std::string_view word) noexcept;

/// A number that may be kept as text: at most 32 characters of what reals and infinities are made.
[[nodiscard]] bool is_number_word(std::string_view text) noexcept;

[[nodiscard]] constexpr char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace drover::audit
