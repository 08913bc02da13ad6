// SPDX-License-Identifier: MIT
// The inside of a capture, for its conversations: numbers, spent events, scripts seen, and the way
// to the sink. Threads: one at a time.
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

  /// An event with nothing in it but spent memory.
  [[nodiscard]] std::unique_ptr<record> new_event();
  /// Gives `one` its number and hands it on.
  void emit(std::unique_ptr<record> one);
  void tell(record&& one) { sink_.take(one); }

  [[nodiscard]] std::uint64_t next_batch() noexcept { return ++batches_; }
  [[nodiscard]] std::uint64_t next_transaction() noexcept { return ++transactions_; }
  void count_bytes(std::size_t bytes) noexcept { bytes_ += bytes; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  /// Room for one more waiting event of `cost` bytes; to be given back when it has been emitted.
  [[nodiscard]] bool take_room(std::size_t cost) noexcept;
  void give_room(std::size_t cost) noexcept { waiting_bytes_ -= cost; }

  /// As records show a name of which the first `name_bytes_max` bytes are `head`.
  void show_name(std::string_view head, const digest& of, std::string& into) const;

  /// The SHA1 of a body. Tells `script_seen` at the first time.
  [[nodiscard]] const std::string& see_body(std::string_view body);
  /// The library's name, "" if it has none. Tells `script_seen` for each new function.
  [[nodiscard]] std::string see_library(std::string_view body);
  /// A script is called by its SHA1. Tells `script_seen` if the body is a published one.
  void see_call(std::string_view sha1);
  /// Which ARGV of a script that was seen is a time to live, from 1; 0: none.
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
  std::unordered_map<std::uint64_t, std::string> sha1_of_body_;  // by its hash
  std::unordered_map<std::string, unsigned> seen_;               // scripts, and which ARGV is a ttl
};

}  // namespace drover::audit
