// SPDX-License-Identifier: MIT
#include "cli/prompts_command.hpp"

#include "prompts/prompt_text.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

constexpr const char* init_footer =
    "Writes twelve short rules for Redis caching into AGENTS.md (a section of its own; the rest "
    "of\n"
    "the file stays as it is), a pointer to it into CLAUDE.md and .cursor/rules/, and a skill "
    "with\n"
    "code for Python, Node.js and C++ into .claude/skills/. Run it again to renew them.\n"
    "\n"
    "Example:\n"
    "  drover init ai .";

constexpr const char* prompts_footer =
    "write    to have a read path written, with the facts to fill in\n"
    "review   to have code reviewed by the command sequences it sends\n"
    "fix      to have an audit's findings mended; FILE is its JSON, - or none standard input\n"
    "\n"
    "Examples:\n"
    "  drover prompts write\n"
    "  drover audit --format json --out audit.json -- COMMAND; drover prompts fix audit.json";

}  // namespace

prompts_command::prompts_command(CLI::App& app)
    : init_{app.add_subcommand("init", "Write the Redis caching rules where AI assistants look.")},
      prompts_{app.add_subcommand("prompts", "Print a prompt for an AI assistant.")} {
  init_->footer(init_footer);
  init_->add_option("WHAT", what_, "ai")->required();
  init_->add_option("DIR", folder_, "The project's folder")->capture_default_str();
  prompts_->footer(prompts_footer);
  prompts_->add_option("KIND", kind_, "write, review or fix")->required();
  prompts_->add_option("FILE", file_, "For fix: the JSON of drover audit");
}

std::variant<text_result, prompts::init_options, fix_prompt_options>
prompts_command::parsed_options() const {
  if (init_->parsed()) {
    if (what_ != "ai") throw text::usage_error{"'" + what_ + "': there is only `drover init ai`"};
    return prompts::init_options{.folder = folder_};
  }
  if (kind_ == "fix") return fix_prompt_options{.file = file_.empty() ? "-" : file_};
  if (!file_.empty()) throw text::usage_error{"'" + file_ + "': only fix takes a file"};
  if (kind_ == "write") return text_result{prompts::write_prompt(), 0};
  if (kind_ == "review") return text_result{prompts::review_prompt(), 0};
  throw text::usage_error{"'" + kind_ + "': give write, review or fix"};
}

}  // namespace drover::cli
