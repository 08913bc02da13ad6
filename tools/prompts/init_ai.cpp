// SPDX-License-Identifier: MIT
#include "prompts/init_ai.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "prompts/agents_section.hpp"
#include "prompts/kit.hpp"

namespace drover::prompts {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view pointer =
    "Code that reads or writes a Redis cache follows the Redis caching rules in AGENTS.md.\n";
constexpr std::string_view cursor_head =
    "---\ndescription: Redis caching, locks and invalidation\nalwaysApply: true\n---\n\n";

std::string contents(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::string with_code(std::string_view reference, std::string_view code) {
  constexpr std::string_view placeholder = "{code}\n";
  const std::size_t at = reference.find(placeholder);
  return std::string{reference.substr(0, at)} + std::string{code} +
         std::string{reference.substr(at + placeholder.size())};
}

class writer {
 public:
  explicit writer(fs::path folder) : folder_{std::move(folder)} {}

  void put(const fs::path& name, const std::string& text) {
    std::error_code error;
    // The target of a link is replaced, not the link.
    const fs::path file = fs::weakly_canonical(folder_ / name, error);
    if (fs::exists(file) && contents(file) == text) return;
    fs::create_directories(file.parent_path(), error);
    fs::path partial = file;
    partial += ".part";
    std::ofstream stream{partial, std::ios::binary | std::ios::trunc};
    stream << text;
    stream.close();
    if (stream) fs::rename(partial, file, error);
    if (!stream || error) {
      fs::remove(partial, error);
      throw std::runtime_error{file.string() + " cannot be written"};
    }
    written_.push_back(folder_ / name);
  }
  /// Whether two names are one file, for example if CLAUDE.md is a link to AGENTS.md.
  [[nodiscard]] bool are_same_file(const fs::path& a, const fs::path& b) const {
    std::error_code error;
    return fs::equivalent(folder_ / a, folder_ / b, error) && !error;
  }
  void put_section(const fs::path& name, std::string_view section, std::string_view head = {}) {
    const fs::path file = folder_ / name;
    const std::string before = fs::exists(file) ? contents(file) : std::string{head};
    put(name, with_section(before, section));
  }
  [[nodiscard]] std::vector<fs::path> written() && { return std::move(written_); }

 private:
  fs::path folder_;
  std::vector<fs::path> written_;
};

}  // namespace

std::vector<fs::path> init_ai(const init_options& options) {
  std::error_code error;
  if (!fs::is_directory(options.folder, error)) {
    throw std::runtime_error{options.folder.string() +
                             " is not a directory; give the folder of the project"};
  }
  writer files{options.folder};
  files.put_section("AGENTS.md", rules);
  if (!files.are_same_file("CLAUDE.md", "AGENTS.md")) files.put_section("CLAUDE.md", pointer);
  files.put_section(".cursor/rules/redis-caching.mdc", pointer, cursor_head);
  const fs::path skill_folder = ".claude/skills/redis-caching";
  files.put(skill_folder / "SKILL.md", std::string{skill});
  files.put(skill_folder / "references/python.md", with_code(python_reference, python_code));
  files.put(skill_folder / "references/node.md", with_code(node_reference, node_code));
  files.put(skill_folder / "references/cpp.md", with_code(cpp_reference, cpp_code));
  return std::move(files).written();
}

}  // namespace drover::prompts
