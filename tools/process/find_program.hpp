// SPDX-License-Identifier: MIT
// Finds programs in $PATH as a shell would.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace drover::process {

/// Whether `file` is a regular file that this process may execute.
[[nodiscard]] bool is_executable(const std::filesystem::path& file);

/// The first program called `name` in the folders of $PATH; nullopt if there is none.
[[nodiscard]] std::optional<std::filesystem::path> find_in_path(const std::string& name);

/// The path of the program that `word` names, as execvp(3) would find it. A word with a slash is
/// already a path. Throws std::invalid_argument, which names the word, if there is no such program.
[[nodiscard]] std::string find_program(const std::string& word);

}  // namespace drover::process
