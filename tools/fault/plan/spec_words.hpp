// SPDX-License-Identifier: MIT
// The words of a line of a fault script. Pure.
//
// Blanks separate words. A word is NAME or NAME=VALUE. A value in quotes may contain blanks and the
// escapes \" \\ \n \r \t \xNN. A word that begins with # starts a comment.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace drover::faults {

struct spec_word {
  /// Of its first byte, counted from 1.
  std::size_t column = 1;
  std::string name;
  std::string value;
  /// Whether there is a =.
  bool has_value = false;
};

/// Why a line is refused. `text` is one line of printable characters and contains the remedy.
struct spec_error {
  std::size_t column = 1;
  std::string text;
};

[[nodiscard]] std::variant<std::vector<spec_word>, spec_error> split_words(std::string_view line);

}  // namespace drover::faults
