// SPDX-License-Identifier: MIT
// The output of a report: a file or standard output. The constructor checks that the file can be
// written, so that errors are reported before anything is started. An existing file is replaced
// only when the new report is complete. Links are followed. Pipes and devices are written directly.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace drover::text {

class report_file {
 public:
  /// nullopt: standard output. Throws usage_error if the file cannot be created.
  explicit report_file(const std::optional<std::filesystem::path>& path);
  /// Removes a partial file.
  ~report_file();
  report_file(const report_file&) = delete;
  report_file& operator=(const report_file&) = delete;

  /// Writes the report. Must be called at most once. Throws std::runtime_error if the write fails.
  void write(std::string_view text);

 private:
  void write_beside(std::string_view text);

  /// The name as typed. Empty: standard output.
  std::string name_;
  /// The file that the name refers to after links are followed.
  std::filesystem::path target_;
  /// A temporary file next to the target. Empty: the target is written directly.
  std::filesystem::path partial_;
};

}  // namespace drover::text
