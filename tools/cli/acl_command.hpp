// SPDX-License-Identifier: MIT
// `drover acl`: prints the user of an application on the server, with exactly the rights that the
// library needs.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "cli/text_result.hpp"

namespace drover::cli {

class acl_command {
 public:
  explicit acl_command(CLI::App& app);

  [[nodiscard]] bool is_selected() const { return app_->parsed(); }
  /// Throws text::usage_error.
  [[nodiscard]] text_result parsed_options() const;

 private:
  CLI::App* app_;
  std::vector<std::string> names_;
  std::string user_ = "app";
  std::string format_ = "command";
  unsigned database_ = 0;
  bool without_scripts_ = false;
  bool is_for_cluster_ = false;
};

}  // namespace drover::cli
