// SPDX-License-Identifier: MIT
// One line that a user's client program says. command_strategy.hpp has the whole conversation.
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
  kind what = kind::unknown;
  std::string_view text;  ///< behind the word and one space, to the end; all of `unknown`

  friend bool operator==(const program_line&, const program_line&) = default;
};

/// `line`: without its "\n". A "\r" at its end is not part of it. A word that takes no text and has
/// one, or that takes a key and has none, is `unknown`.
[[nodiscard]] program_line read_program_line(std::string_view line) noexcept;

/// `text` as it can stand in a line: line ends become spaces.
[[nodiscard]] std::string in_one_line(std::string_view text);

}  // namespace drover::simulate
