// SPDX-License-Identifier: MIT
// The options of `drover advise`, as typed and as parsed.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "audit/run/advise.hpp"
#include "cli/report_options.hpp"

namespace drover::cli {

class advise_command {
 public:
  /// Adds the subcommand. This object outlives the parsing.
  explicit advise_command(CLI::App& app);

  [[nodiscard]] bool is_selected() const { return app_->parsed(); }
  /// Throws `usage_error`, which names the invalid option.
  [[nodiscard]] audit::advise_options parsed_options() const;

 private:
  CLI::App* app_;
  std::string recording_;
  report_options reports_;
};

}  // namespace drover::cli
