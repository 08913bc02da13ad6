// SPDX-License-Identifier: MIT
// What the conversations of one capture share: the sink that their records go to, the key of the
// hashes, the numbers that run through the whole capture, the scripts that were seen.
//
// Pure: no socket, no clock. Whoever feeds it brings the time.
// Threads: one at a time, for a capture and all conversations on it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "audit/capture/event.hpp"
#include "audit/capture/record.hpp"

namespace drover::audit {

/// Where records go.
class record_sink {
 public:
  virtual ~record_sink() = default;
  /// `one` may be read, moved from or, best, swapped for a spent record: the memory of what is left
  /// in it is used again. May not block for long: the bytes of the application wait meanwhile.
  virtual void take(record& one) = 0;
  /// As `take`, for sinks that keep records: `one` may be exchanged for a used one.
  virtual void take_whole(std::unique_ptr<record>& one) { take(*one); }
};

struct capture_options {
  /// Random, and kept nowhere: without it no hash can be compared with a guess.
  std::array<std::uint64_t, 2> hash_key{};
  /// Names of keys and channels become hashes: that of the name's pattern, a colon, that of the
  /// name.
  bool hide_keys = false;
  /// Bytes of events that wait for their replies, all connections together. What goes over it is
  /// left out, and said so by `sight_lost`; replies are still matched.
  std::size_t waiting_bytes_max = std::size_t{64} << 20U;
};

class capture_core;

class capture {
 public:
  /// Lifetime: `sink` outlives it.
  capture(const capture_options& options, record_sink& sink);
  ~capture();
  capture(const capture&) = delete;
  capture& operator=(const capture&) = delete;

  /// Hands on a record that is no event of a conversation: `capture_begun`, `origin_loads`, ...
  void tell(record one);
  /// A key as the records name it: itself, or its hash with hidden keys.
  [[nodiscard]] std::string shown_key(std::string_view key) const;
  [[nodiscard]] digest digest_of(std::string_view value) const;
  /// Whether a `script_seen` was handed on for this SHA1 or function name.
  [[nodiscard]] bool knows_script(std::string_view script) const;
  /// Passed through all conversations so far, both ways; for `capture_ended`.
  [[nodiscard]] std::uint64_t bytes() const noexcept;

 private:
  friend class conversation;
  std::unique_ptr<capture_core> core_;
};

}  // namespace drover::audit
