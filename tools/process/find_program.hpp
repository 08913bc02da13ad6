// SPDX-License-Identifier: MIT
// The program that a word names, as a shell would find it.
#pragma once

#include <string>

namespace drover::process {

/// Its path, as execvp(3) would find it. Throws std::invalid_argument, which names the word, when
/// there is none that can be executed.
[[nodiscard]] std::string find_program(const std::string& word);

}  // namespace drover::process
