// SPDX-License-Identifier: MIT
#include "process/end_of_log.hpp"

#include <fstream>
#include <iterator>

namespace drover::process {

std::string end_of_log(const std::filesystem::path& log) {
  constexpr std::size_t shown_max = 1000;
  std::ifstream stream{log};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  if (text.empty()) return "";
  return "; its log ends:\n" +
         (text.size() > shown_max ? text.substr(text.size() - shown_max) : text);
}

}  // namespace drover::process
