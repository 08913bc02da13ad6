// SPDX-License-Identifier: MIT
#include "cli/prompts_command.hpp"

#include <memory>

#include "cli/help_formatter.hpp"
#include "prompts/prompt_text.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

constexpr const char* init_usage = "  drover init ai [DIR]\n";

constexpr const char* init_description =
    "Install the Redis caching rules for AI assistants in a project.\n"
    "\n"
    "Files and sections that are written:\n"
    "  AGENTS.md                          a section with twelve rules for Redis caching\n"
    "  CLAUDE.md, .cursor/rules/          a section that refers to AGENTS.md\n"
    "  .claude/skills/redis-caching/      a skill with code for Python, Node.js and C++\n"
    "\n"
    "The rest of an existing file is not changed. Run the command again to update the sections.";

constexpr const char* init_footer =
    "Example:\n"
    "  drover init ai .\n"
    "\n"
    "Exit codes:\n"
    "  0    all files are up to date\n"
    "  2    invalid usage, or a file could not be written";

constexpr const char* prompts_usage =
    "  drover prompts write\n"
    "  drover prompts review\n"
    "  drover prompts fix [FILE]\n";

constexpr const char* prompts_description =
    "Print a prompt for an AI assistant. Each prompt contains the Redis caching rules.\n"
    "\n"
    "  write     implement a cached read path; fill in the facts at the top\n"
    "  review    review code by the sequences of commands that it sends\n"
    "  fix       fix the findings of an audit; FILE is its JSON report, - is standard input";

constexpr const char* prompts_footer =
    "Examples:\n"
    "  drover prompts write\n"
    "  drover audit --format json --out audit.json -- COMMAND; drover prompts fix audit.json\n"
    "\n"
    "Exit codes:\n"
    "  0    the prompt was printed\n"
    "  2    invalid usage, or FILE could not be read";

}  // namespace

prompts_command::prompts_command(CLI::App& app)
    : init_{app.add_subcommand("init", init_description)},
      prompts_{app.add_subcommand("prompts", prompts_description)} {
  init_->formatter(std::make_shared<help_formatter>(init_usage));
  init_->footer(init_footer);
  init_->add_option("TARGET", target_, "ai")->required();
  init_->add_option("DIR", folder_, "Folder of the project")->capture_default_str();
  prompts_->formatter(std::make_shared<help_formatter>(prompts_usage));
  prompts_->footer(prompts_footer);
  prompts_->add_option("TASK", task_, "write, review or fix")->required();
  prompts_->add_option("FILE", file_,
                       "For fix: the JSON report of drover audit. Default: standard input");
}

std::variant<text_result, prompts::init_options, fix_prompt_options>
prompts_command::parsed_options() const {
  if (init_->parsed()) {
    if (target_ != "ai") throw text::usage_error{"'" + target_ + "': must be ai"};
    return prompts::init_options{.folder = folder_};
  }
  if (task_ == "fix") return fix_prompt_options{.file = file_.empty() ? "-" : file_};
  if (!file_.empty())
    throw text::usage_error{"'" + file_ + "': only `drover prompts fix` takes a file"};
  if (task_ == "write") return text_result{prompts::write_prompt(), 0};
  if (task_ == "review") return text_result{prompts::review_prompt(), 0};
  throw text::usage_error{"'" + task_ + "': must be write, review or fix"};
}

}  // namespace drover::cli
