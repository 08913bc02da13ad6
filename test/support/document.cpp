// SPDX-License-Identifier: MIT
#include "support/document.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace drover::test {

std::string source_path(std::string_view path) {
  return (std::filesystem::path{DROVER_SOURCE_DIR} / path).string();
}

std::string document(std::string_view path) {
  std::ifstream file{source_path(path), std::ios::binary};
  if (!file) throw std::runtime_error{"there is no page " + std::string{path}};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::string_view part_between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t at = text.find(begin);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + begin.size());
  return text.substr(0, text.find(end));
}

}  // namespace drover::test
