// SPDX-License-Identifier: MIT
#include "process/process_tree.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace drover::process {
namespace {

namespace fs = std::filesystem;

std::optional<pid_t> number_in(std::string_view text) {
  pid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || (end != text.data() + text.size() && *end != ' ')) {
    return std::nullopt;
  }
  return number;
}

/// Reads the parent from `PID (NAME) STATE PARENT ...`. NAME may contain any characters.
std::optional<pid_t> parent_of(const fs::path& process) {
  std::ifstream stream{process / "stat"};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  constexpr std::size_t behind_name = 4;  // ") S "
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || text.size() < name_end + behind_name) return std::nullopt;
  return number_in(std::string_view{text}.substr(name_end + behind_name));
}

}  // namespace

std::vector<pid_t> descendants_of(pid_t process) {
  std::multimap<pid_t, pid_t> children;
  std::error_code error;
  for (fs::directory_iterator entry{"/proc", error}, end; !error && entry != end;
       entry.increment(error)) {
    const auto pid = number_in(entry->path().filename().string());
    if (!pid) continue;
    if (const auto parent = parent_of(entry->path())) children.emplace(*parent, *pid);
  }
  std::vector<pid_t> processes{process};
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const auto [first, last] = children.equal_range(processes[i]);
    for (auto child = first; child != last; ++child) processes.push_back(child->second);
  }
  processes.erase(processes.begin());
  return processes;
}

}  // namespace drover::process
