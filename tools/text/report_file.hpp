// SPDX-License-Identifier: MIT
// The output of a report: a file or standard output. The constructor checks that the file can be
// written, so that errors are reported before anything is started. An older file is replaced only
// when the new one is complete. Links are followed. A pipe or device is written to directly.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace drover::text {

class report_file {
 public:
  /// nullopt: standard output. Throws usage_error if the file cannot be created.
  explicit report_file(const std::optional<std::filesystem::path>& to);
  /// Removes a partial file.
  ~report_file();
  report_file(const report_file&) = delete;
  report_file& operator=(const report_file&) = delete;

  /// Writes the report. To be called once. Throws std::runtime_error if the write fails.
  void write(std::string_view text);

 private:
  void write_beside(std::string_view text);

  /// As typed. Empty: standard output.
  std::string name_;
  /// The file behind any links.
  std::filesystem::path to_;
  /// Beside the file until the report is complete. Empty: the file is written to directly.
  std::filesystem::path partial_;
};

}  // namespace drover::text
