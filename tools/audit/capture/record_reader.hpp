// SPDX-License-Identifier: MIT
// Reads a recording from beginning to end, in slices of any size, and sends its records to a sink.
// A recording starts with a `begin` of a known version, and the sequence numbers of its events
// rise. A recording that was cut off, for example by a full disk, is read up to its last complete
// line. Pure. Threads: one at a time.
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
  /// Sends each record that `bytes` completes to `sink`. A fault names the line. Nothing can be
  /// read after a fault.
  [[nodiscard]] result<void> read(std::string_view bytes, record_sink& sink);
  /// To be called at the end of the recording. Fails if it contains no complete line.
  [[nodiscard]] result<void> finish(record_sink& sink);

  /// After `finish`: whether the recording has no `end`, or its last line is incomplete.
  [[nodiscard]] bool is_cut() const noexcept { return !ended_; }
  /// The number of lines read so far.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

 private:
  result<void> take(std::string_view line, record_sink& sink);
  result<void> check(const record& item);
  [[nodiscard]] fault at_line(std::string_view why) const;

  std::string rest_;  // the beginning of a line whose end has not arrived
  std::uint64_t lines_ = 0;
  std::uint64_t sequence_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace drover::audit
