// SPDX-License-Identifier: MIT
// The options of `drover init` and `drover prompts`, as typed and as parsed.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <variant>

#include "cli/text_result.hpp"
#include "prompts/init_ai.hpp"

namespace drover::cli {

/// The prompt is made from the JSON report of an audit.
struct fix_prompt_options {
  /// "-" is standard input.
  std::string file = "-";
};

class prompts_command {
 public:
  /// Adds the subcommands. This object outlives the parsing.
  explicit prompts_command(CLI::App& app);

  [[nodiscard]] bool is_selected() const { return init_->parsed() || prompts_->parsed(); }
  [[nodiscard]] const char* name() const {
    return init_->parsed() ? "drover init" : "drover prompts";
  }
  /// Throws `usage_error`, which names the invalid argument.
  [[nodiscard]] std::variant<text_result, prompts::init_options, fix_prompt_options>
  parsed_options() const;

 private:
  CLI::App* init_;
  CLI::App* prompts_;
  std::string target_;
  std::string folder_ = ".";
  std::string task_;
  std::string file_;
};

}  // namespace drover::cli
