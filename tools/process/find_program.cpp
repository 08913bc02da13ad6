// SPDX-License-Identifier: MIT
#include "process/find_program.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "base/printing.hpp"

namespace drover::process {

namespace {

constexpr std::size_t shown_word_max = 100;

bool can_be_executed(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string find_program(const std::string& word) {
  const std::string shown = '"' + base::escape(word, shown_word_max) + '"';
  if (word.find('/') != std::string::npos) {
    if (can_be_executed(word)) return word;
    throw std::invalid_argument{shown + " is no program that can be executed"};
  }
  const char* const path = std::getenv("PATH");
  std::istringstream folders{path != nullptr ? path : ""};
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string found = (folder.empty() ? "." : folder) + '/' + word;
    if (can_be_executed(found)) return found;
  }
  throw std::invalid_argument{"there is no program " + shown + " in $PATH"};
}

}  // namespace drover::process
