// SPDX-License-Identifier: MIT
// A recording read front to back, in slices of any size: lines in, records out. It begins with
// `begin` of a version that is known, and the numbers of its events only rise; a recording that
// breaks off, as by a full disk, is read as far as it goes.
// Pure. Threads: one at a time.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/capture/capture.hpp"
#include "audit/capture/record.hpp"

namespace drover::audit {

class record_reader {
 public:
  /// Hands every record that `bytes` complete to `sink`. A fault names the line; nothing can be
  /// read behind it.
  [[nodiscard]] result<void> read(std::string_view bytes, record_sink& sink);
  /// The recording is over. A fault: there was nothing in it.
  [[nodiscard]] result<void> finish(record_sink& sink);

  /// After `finish`: it has no `end`, or its last line is not whole.
  [[nodiscard]] bool is_cut() const noexcept { return !ended_; }
  /// Lines read so far.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

 private:
  result<void> take(std::string_view line, record_sink& sink);
  result<void> check(const record& one);
  [[nodiscard]] fault at_line(std::string_view why) const;

  std::string rest_;  // of a line that is not whole
  std::uint64_t lines_ = 0;
  std::uint64_t sequence_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace drover::audit
