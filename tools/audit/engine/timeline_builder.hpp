// SPDX-License-Identifier: MIT
// Builds the timeline of the run: the keys that were missed or locked, the operations on them, and
// their loads. Its size is bounded.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "audit/engine/connection_book.hpp"
#include "audit/engine/fact_sink.hpp"
#include "audit/engine/history.hpp"
#include "audit/engine/settings.hpp"

namespace drover::audit {

class timeline_builder {
 public:
  timeline_builder(const settings& options, const connection_book& connections)
      : settings_(options), connections_(connections) {}

  void add_operation(const op& operation, key_state& key);
  void add_cold_event(const cold_event& event, const key_state& key);
  void add_load(const load& new_load, const key_state& key);
  /// Takes back the loads of a cold event that turned out to be none (`fact_sink`).
  void remove_nx_loads(const cold_event& event, const key_state& key);

  /// Returns the timeline with the current roles of its keys. Call it once: the timeline is moved.
  [[nodiscard]] run_timeline finish(const std::deque<pattern_state>& patterns);

 private:
  static constexpr std::uint32_t no_key = 0xffffffff;

  [[nodiscard]] std::uint32_t key_of(const key_state& key) const;
  std::uint32_t choose(key_state& key);
  std::size_t process_of(std::uint32_t process);

  const settings& settings_;
  const connection_book& connections_;
  run_timeline timeline_;
  std::vector<std::uint32_t> patterns_;  // the pattern of each key in the timeline
  std::unordered_map<std::uint64_t, std::uint32_t> keys_;
  std::unordered_map<std::uint32_t, std::size_t> processes_;
  std::unordered_map<std::uint32_t, unsigned> keys_per_pattern_;
};

}  // namespace drover::audit
