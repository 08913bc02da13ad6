// SPDX-License-Identifier: MIT
// The options of `drover init` and `drover prompts`: as typed, and as meant.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <variant>

#include "cli/text_result.hpp"
#include "prompts/init_ai.hpp"

namespace drover::cli {

/// A prompt from an audit's JSON.
struct fix_prompt_options {
  std::string file = "-";  ///< -: standard input
};

class prompts_command {
 public:
  /// Adds the subcommands. This object outlives the parsing.
  explicit prompts_command(CLI::App& app);

  [[nodiscard]] bool is_asked_for() const { return init_->parsed() || prompts_->parsed(); }
  [[nodiscard]] const char* name() const {
    return init_->parsed() ? "drover init" : "drover prompts";
  }
  /// Throws `usage_error` naming what cannot be meant.
  [[nodiscard]] std::variant<text_result, prompts::init_options, fix_prompt_options>
  parsed_options() const;

 private:
  CLI::App* init_;
  CLI::App* prompts_;
  std::string what_;
  std::string folder_ = ".";
  std::string kind_;
  std::string file_;
};

}  // namespace drover::cli
