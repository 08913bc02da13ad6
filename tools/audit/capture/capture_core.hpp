// SPDX-License-Identifier: MIT
// The implementation of a capture, used by its conversations: sequence numbers, used records, the
// scripts seen so far, and the sink. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/capture/capture.hpp"
#include "audit/capture/record.hpp"
#include "audit/capture/value_digest.hpp"

namespace drover::audit {

class capture_core {
 public:
  capture_core(const capture_options& options, record_sink& sink);

  [[nodiscard]] const hash_key& key() const noexcept { return options_.hash_key; }

  /// An empty event. It reuses the memory of an earlier record if there is one.
  [[nodiscard]] std::unique_ptr<record> new_event();
  /// Sets the sequence number of the event and sends it to the sink.
  void emit_event(std::unique_ptr<record> item);
  void emit(record&& item) { sink_.take(item); }

  [[nodiscard]] std::uint64_t next_batch() noexcept { return ++batches_; }
  [[nodiscard]] std::uint64_t next_transaction() noexcept { return ++transactions_; }
  void count_bytes(std::size_t bytes) noexcept { bytes_ += bytes; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  /// Reserves `cost` bytes for one more waiting event. Returns false if they would exceed
  /// `waiting_bytes_max`. The caller must release them when it emits the event.
  [[nodiscard]] bool reserve_bytes(std::size_t cost) noexcept;
  void release_bytes(std::size_t cost) noexcept { waiting_bytes_ -= cost; }

  /// Sets `into` to the name as it appears in records. `head` is the first `name_bytes_max` bytes
  /// of the name.
  void set_recorded_name(std::string_view head, const digest& name_digest, std::string& into) const;

  /// Returns the SHA1 of the body of a script. Sends `script_seen` the first time.
  [[nodiscard]] const std::string& see_body(std::string_view body);
  /// Returns the name of the library, "" if it has none. Sends `script_seen` for each new function.
  [[nodiscard]] std::string see_library(std::string_view body);
  /// Reports that a script was called by its SHA1. Sends `script_seen` if the script is published.
  void see_call(std::string_view sha1);
  /// The ARGV index of the ttl of a script, starting at 1; 0: none, or the script is unknown.
  [[nodiscard]] unsigned ttl_argument_of(const std::string& script) const;
  [[nodiscard]] bool knows_script(std::string_view script) const;

 private:
  void see(script_seen&& facts);

  capture_options options_;
  record_sink& sink_;
  std::vector<std::unique_ptr<record>> spent_;
  std::uint64_t sequence_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t transactions_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::unordered_map<std::uint64_t, std::string> sha1_of_body_;  // by the hash of the body
  std::unordered_map<std::string, unsigned> seen_;  // the ARGV index of the ttl, by script
};

}  // namespace drover::audit
