// SPDX-License-Identifier: MIT
// One line of output of a user's client program. command_strategy.hpp has the whole conversation.
//
// Pure. Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::simulate {

struct program_line {
  enum class kind : std::uint8_t {
    query,    ///< "query KEY"
    value,    ///< "value TEXT"
    absent,   ///< "absent"
    error,    ///< "error TEXT"
    done,     ///< "done"
    yes,      ///< "yes"
    no,       ///< "no"
    unknown,  ///< anything else
  };
  kind type = kind::unknown;
  std::string_view text;  ///< after the word and one space; the whole line for `unknown`

  friend bool operator==(const program_line&, const program_line&) = default;
};

/// `line`: without its "\n". A "\r" at its end is ignored. A word with a text that it does not
/// take, or without a key that it needs, is `unknown`.
[[nodiscard]] program_line read_program_line(std::string_view line) noexcept;

/// `text` in one line: line ends become spaces.
[[nodiscard]] std::string in_one_line(std::string_view text);

}  // namespace drover::simulate
