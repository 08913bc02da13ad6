// SPDX-License-Identifier: MIT
// The state that the conversations of one capture share: the sink for their records, the hash key,
// the sequence numbers, and the scripts seen so far.
//
// Pure: no socket, no clock. The caller passes the time.
// Threads: one at a time, for a capture and all its conversations.
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

/// Receives the records of a capture.
class record_sink {
 public:
  virtual ~record_sink() = default;
  /// Receives one record. The sink may read it, move from it, or swap it for a used record: the
  /// capture reuses the memory that it finds afterwards. Must not block for long, because it delays
  /// the traffic of the application.
  virtual void take(record& item) = 0;
  /// Like `take`, for sinks that keep records: the sink may exchange the pointer for a used record.
  virtual void take_owned(std::unique_ptr<record>& item) { take(*item); }
};

struct capture_options {
  /// A random key that is never stored. Without it, a hash cannot be compared with the hash of a
  /// guessed value.
  std::array<std::uint64_t, 2> hash_key{};
  /// Replaces the names of keys and channels by hashes: the hash of the pattern of the name, a
  /// colon, and the hash of the name. The first half of the second hash depends on the common part
  /// only (`set_common_part`).
  bool hide_keys = false;
  /// The limit in bytes for the events of all connections that wait for replies. Events above it
  /// are dropped and reported by `sight_lost`. Their replies are still matched.
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

  /// Sends a record to the sink that is not part of a conversation, such as `capture_begun` or
  /// `origin_loads`.
  void emit(record item);
  /// The key as it appears in the records: its name, or its hash if keys are hidden.
  [[nodiscard]] std::string recorded_name(std::string_view key) const;
  [[nodiscard]] digest digest_of(std::string_view value) const;
  /// Whether a `script_seen` was sent to the sink for this SHA1 or function name.
  [[nodiscard]] bool knows_script(std::string_view script) const;
  /// The number of bytes that all conversations have read so far, in both directions. For
  /// `capture_ended`.
  [[nodiscard]] std::uint64_t bytes() const noexcept;

 private:
  friend class conversation;
  std::unique_ptr<capture_core> core_;
};

}  // namespace drover::audit
