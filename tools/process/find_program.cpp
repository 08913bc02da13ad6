// SPDX-License-Identifier: MIT
#include "process/find_program.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "base/printing.hpp"

namespace drover::process {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t shown_word_max = 100;

}  // namespace

bool is_executable(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

std::optional<fs::path> find_in_path(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const char* const path = std::getenv("PATH");
  std::istringstream folders{path != nullptr ? path : ""};
  for (std::string folder; std::getline(folders, folder, ':');) {
    fs::path file = fs::path{folder.empty() ? "." : folder} / name;
    if (is_executable(file)) return file;
  }
  return std::nullopt;
}

std::string find_program(const std::string& word) {
  const std::string quoted_word = '"' + base::escape(word, shown_word_max) + '"';
  if (word.find('/') != std::string::npos) {
    if (is_executable(word)) return word;
    throw std::invalid_argument{quoted_word + " is not an executable program"};
  }
  if (const auto file = find_in_path(word)) return file->string();
  throw std::invalid_argument{"program " + quoted_word + " was not found in $PATH"};
}

}  // namespace drover::process
