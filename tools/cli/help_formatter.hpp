// SPDX-License-Identifier: MIT
// The layout of `--help`: usage, purpose, options by group, then examples and exit codes. Pure.
// Lines have at most 100 columns.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <utility>

namespace drover::cli {

class help_formatter final : public CLI::Formatter {
 public:
  /// `usage`: one line for each form of the command, "  drover audit [OPTIONS] -- COMMAND\n". If it
  /// is empty, one line is made from the options.
  explicit help_formatter(std::string usage = {}) : usage_{std::move(usage)} {}

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;

 private:
  std::string usage_;
};

/// An option with its placeholder: "--fail-on SEVERITY", "-h, --help".
[[nodiscard]] std::string option_signature(const CLI::Option& option, bool is_positional);

/// The description of an option, with its default and its environment variable.
[[nodiscard]] std::string option_description(const CLI::Option& option);

}  // namespace drover::cli
