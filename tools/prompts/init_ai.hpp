// SPDX-License-Identifier: MIT
// `drover init ai`: installs the rules for AI assistants in a project.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace drover::prompts {

struct init_options {
  std::filesystem::path folder = ".";
};

/// Writes into `folder`: a section of AGENTS.md with the rules, a section of CLAUDE.md and
/// .cursor/rules/ that refers to it, and a skill with references in .claude/skills/. In existing
/// files only these sections are changed. Another run updates them. Returns the files that were
/// changed. Throws std::runtime_error, which names the file that cannot be written.
std::vector<std::filesystem::path> init_ai(const init_options& options);

}  // namespace drover::prompts
