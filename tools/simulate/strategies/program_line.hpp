// SPDX-License-Identifier: MIT
// One line of output of a user's client program. command_strategy.hpp describes the protocol.
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

/// Parses `line`, which has no "\n". A "\r" at the end is ignored. A line whose word is followed by
/// an unexpected text, or lacks a required key, is `unknown`.
[[nodiscard]] program_line read_program_line(std::string_view line) noexcept;

/// Returns `text` as one line, with a space in place of each line-end character.
[[nodiscard]] std::string in_one_line(std::string_view text);

}  // namespace drover::simulate
