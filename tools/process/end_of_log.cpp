// SPDX-License-Identifier: MIT
#include "process/end_of_log.hpp"

#include <fstream>
#include <iterator>

namespace drover::process {

std::string end_of_log(const std::filesystem::path& log) {
  constexpr std::size_t most = 1000;
  std::ifstream stream{log};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  if (text.empty()) return "";
  return "; its log ends:\n" + (text.size() > most ? text.substr(text.size() - most) : text);
}

}  // namespace drover::process
