// SPDX-License-Identifier: MIT
// Writes records to a file, one per line; compressed if the name of the file ends in .gz. If a
// write fails, or the reader of a pipe stops reading, only the recording ends. The file then
// contains complete lines and can be replayed.
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
  /// `say` prints a message if the recording ends early.
  recorder(std::filesystem::path file, std::function<void(const std::string& line)> say);
  ~recorder();
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  /// Truncates or creates the file, readable by its owner only (`text::open_private_file`). The
  /// fault names the file.
  [[nodiscard]] result<void> open();
  void write(const record& item);
  /// Writes the buffered records to the file. A compressed recording keeps small buffers.
  void flush();
  /// Ends the recording. Returns whether the file is complete.
  bool finish();

  [[nodiscard]] bool is_recording() const noexcept { return descriptor_ >= 0; }
  /// Bytes in the file, without the buffered records.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void write_bytes(std::string_view bytes);
  [[nodiscard]] bool is_read();
  void give_up(int error);

  std::filesystem::path file_;
  std::function<void(const std::string&)> say_;
  int descriptor_ = -1;
  std::unique_ptr<gzip_stream> gzip_;  // nullptr: the recording is not compressed
  std::string buffer_;
  std::uint64_t bytes_ = 0;
};

}  // namespace drover::audit
