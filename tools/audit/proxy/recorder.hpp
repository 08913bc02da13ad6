// SPDX-License-Identifier: MIT
// Writes records to a file, line by line; compressed, if the file's name ends in .gz. A file that
// cannot be written any more ends the recording and nothing else: what is in it so far are whole
// lines, and can be read.
//
// Threads: one at a time.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "audit/capture/record.hpp"
#include "audit/proxy/gzip_stream.hpp"

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
  /// Hands on to the system what `write` has kept; of a compressed recording only what is worth it.
  void flush();
  /// The recording is over. Answers whether everything is in the file.
  bool finish();

  [[nodiscard]] bool is_recording() const noexcept { return descriptor_ >= 0; }
  /// In the file, without what `write` has kept.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void hand_on(std::string_view bytes);
  void give_up(int error);

  std::filesystem::path file_;
  std::function<void(const std::string&)> say_;
  int descriptor_ = -1;
  std::unique_ptr<gzip_stream> gzip_;  // null: written as it is
  std::string kept_;
  std::uint64_t bytes_ = 0;
};

}  // namespace drover::audit
