// SPDX-License-Identifier: MIT
// `drover init ai`: the rules for AI assistants, put where they look.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace drover::prompts {

struct init_options {
  std::filesystem::path folder = ".";
};

/// Writes into `folder`: a section of AGENTS.md with the rules, a pointer to it in CLAUDE.md and
/// .cursor/rules/, and a skill with references in .claude/skills/. Of files that are there only the
/// own section is changed; running it again renews it. Answers the files that were written, and
/// leaves out those that were as they should be. Throws std::runtime_error naming the file that
/// cannot be written.
std::vector<std::filesystem::path> init_ai(const init_options& asked);

}  // namespace drover::prompts
