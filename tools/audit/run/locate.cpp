// SPDX-License-Identifier: MIT
#include "audit/run/locate.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "text/usage_error.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

namespace fs = std::filesystem;

bool is_skipped(const std::string& name) {
  constexpr std::array<std::string_view, 11> foreign{
      "node_modules",     "vendor",        "venv",       "env",
      "__pycache__",      "build",         "dist",       "target",
      "bower_components", "site-packages", "third_party"};
  return name.starts_with('.') || std::find(foreign.begin(), foreign.end(), name) != foreign.end();
}

bool is_text(std::string_view text) {
  constexpr std::size_t examined_bytes = 8192;
  return text.substr(0, examined_bytes).find('\0') == std::string_view::npos;
}

class walk {
 public:
  walk(source_search& search, fs::path top, fs::path shown_as, const locate_limits& limits)
      : search_{search}, top_{std::move(top)}, shown_as_{std::move(shown_as)}, limits_{limits} {}

  /// Reads the folder in the order of the names. Returns false if a limit was reached.
  bool folder(const fs::path& inside) {
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    for (fs::directory_iterator at{top_ / inside, error}, end; !error && at != end;
         at.increment(error)) {
      entries.push_back(*at);
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.path() < b.path(); });
    for (const fs::directory_entry& entry : entries) {
      std::error_code ignored;
      const fs::path name = entry.path().filename();
      if (entry.is_symlink(ignored) || is_skipped(name.string())) continue;
      if (entry.is_directory(ignored)) {
        if (!folder(inside / name)) return false;
      } else if (entry.is_regular_file(ignored) && !file(entry, inside / name)) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] std::string limit_message() const {
    return "--locate: stopped after " + text::counted(files_, "file", "files") + " and " +
           text::in_words(std::uint64_t{bytes_ / 1'000'000}) +
           " MB; the remaining files were not searched. Give a smaller folder.";
  }

 private:
  bool file(const fs::directory_entry& entry, const fs::path& inside) {
    std::error_code error;
    const std::uintmax_t size = entry.file_size(error);
    if (error || size == 0 || size > limits_.file_bytes_max) return true;
    if (files_ >= limits_.files_max || bytes_ + size > limits_.bytes_max) return false;
    std::ifstream stream{entry.path(), std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    ++files_;
    bytes_ += text.size();
    if (is_text(text)) search_.read((shown_as_ / inside).lexically_normal().generic_string(), text);
    return true;
  }

  source_search& search_;
  fs::path top_;
  fs::path shown_as_;
  locate_limits limits_;
  std::uint64_t files_ = 0;
  std::uintmax_t bytes_ = 0;
};

}  // namespace

void check_sources(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw text::usage_error{"--locate " + folder.string() +
                            ": no such folder; give the folder with the source files"};
  }
}

located locate(const audit_result& result, const fs::path& folder, const locate_limits& limits) {
  check_sources(folder);
  std::error_code error;
  const fs::path plain = folder.lexically_normal();
  const bool is_inside = plain.is_relative() && (plain.empty() || *plain.begin() != "..");
  const fs::path shown_as = is_inside ? plain : fs::path{};

  std::vector<std::string> patterns;
  for (const finding& finding : result.findings) patterns.push_back(finding.pattern);
  source_search search{patterns};
  located sources;
  walk files{search, folder, shown_as, limits};
  if (!search.is_idle() && !files.folder({})) sources.left_out = files.limit_message();
  sources.places = search.places();
  for (const char* const name : {"README.md", "README", "README.rst", "README.txt"}) {
    if (!fs::is_regular_file(folder / name, error)) continue;
    sources.default_path = (shown_as / name).lexically_normal().generic_string();
    break;
  }
  return sources;
}

}  // namespace drover::audit
