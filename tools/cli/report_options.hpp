// SPDX-License-Identifier: MIT
// The options --format and --out of a command that writes several reports. Each --out belongs to
// the --format before it.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace drover::cli {

struct typed_report {
  std::optional<std::string> format;  ///< nullopt: the command's default
  std::optional<std::string> out;     ///< nullopt: standard output
};

class report_options {
 public:
  /// Adds both options, once. `formats`: "text, json or html". `group`: the heading in --help;
  /// empty: the usual group. This object outlives the parsing.
  void add_to(CLI::App& app, const std::string& formats, const std::string& group = {});

  /// The reports in the order of the command line, at least one. Throws `usage_error` for an --out
  /// without a --format of its own, and for a file that two reports would write.
  [[nodiscard]] std::vector<typed_report> typed() const;

 private:
  const CLI::App* app_ = nullptr;
  std::vector<std::string> formats_;
  std::vector<std::string> outs_;
  CLI::Option* format_option_ = nullptr;
  CLI::Option* out_option_ = nullptr;
};

/// Throws `usage_error` for two reports to standard output. Call it after the formats were checked,
/// so that a wrong format is reported first.
void require_one_printed(const std::vector<typed_report>& reports);

}  // namespace drover::cli
