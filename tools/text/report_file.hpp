// SPDX-License-Identifier: MIT
// Where a report goes: a file, or standard output. That the file can be written is found out before
// anything is started, and nothing of an older file is lost before the new one is complete. A link
// is followed, and what is no regular file, as a pipe or /dev/stdout, is written to as it is.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace drover::text {

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
  void write_beside(std::string_view text);

  std::string name_;             // as it was given; empty: standard output
  std::filesystem::path to_;     // the file itself, behind links
  std::filesystem::path begun_;  // beside it, until it is complete; empty: written to as it is
};

}  // namespace drover::text
