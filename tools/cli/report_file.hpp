// SPDX-License-Identifier: MIT
// Where a report goes: a file, or standard output. That the file can be written is found out before
// anything is started, and nothing of an older file is lost before the new one is complete.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace drover::cli {

class report_file {
 public:
  /// nullopt: standard output. Throws usage_error when no file can be made there.
  explicit report_file(const std::optional<std::filesystem::path>& to);
  /// Removes what was begun and not written.
  ~report_file();
  report_file(const report_file&) = delete;
  report_file& operator=(const report_file&) = delete;

  /// Once. Throws std::runtime_error when it cannot be written to its end.
  void write(std::string_view text);

 private:
  std::filesystem::path to_;     // empty: standard output
  std::filesystem::path begun_;  // beside it, until it is complete
};

}  // namespace drover::cli
