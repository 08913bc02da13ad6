// SPDX-License-Identifier: MIT
// `drover doctor`: parses its options.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "doctor/doctor.hpp"

namespace drover::cli {

class doctor_command {
 public:
  explicit doctor_command(CLI::App& app);

  [[nodiscard]] bool is_selected() const { return app_->parsed(); }
  /// Throws text::usage_error.
  [[nodiscard]] doctor::doctor_options parsed_options() const;

 private:
  CLI::App* app_;
  std::vector<std::string> words_;
  std::string timeout_ = "2s";
  std::string format_ = "text";
};

}  // namespace drover::cli
