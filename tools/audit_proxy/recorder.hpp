// SPDX-License-Identifier: MIT
// Writes records to a file, line by line. A file that cannot be written any more ends the recording
// and nothing else: what is in it so far are whole lines, and can be read.
//
// Threads: one at a time.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "audit_events/record.hpp"

namespace drover::audit {

class recorder {
 public:
  /// `say` gets one line should the recording end before its time.
  recorder(std::filesystem::path file, std::function<void(const std::string& line)> say);
  ~recorder();
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  /// Empties the file, or makes it, for its owner's eyes only. The fault says what is wrong.
  [[nodiscard]] result<void> open();
  void write(const record& one);
  /// Hands on to the system what `write` has kept.
  void flush();

  [[nodiscard]] bool is_recording() const noexcept { return descriptor_ >= 0; }
  /// In the file.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void give_up(int error);

  std::filesystem::path file_;
  std::function<void(const std::string&)> say_;
  int descriptor_ = -1;
  std::string kept_;
  std::uint64_t bytes_ = 0;
};

}  // namespace drover::audit
