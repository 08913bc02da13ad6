// SPDX-License-Identifier: MIT
// The state of the engine that rules may read. Pointers and references are valid during the call in
// which the rule gets them; patterns live as long as the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/connection_book.hpp"
#include "audit/engine/key_state.hpp"
#include "audit/engine/outage_book.hpp"
#include "audit/engine/settings.hpp"

namespace drover::audit {

/// An operation that the text of a finding names.
struct decisive_operation {
  key_ref key;
  op_summary operation;
};

class rule_context {
 public:
  rule_context(const rule_context&) = delete;
  rule_context& operator=(const rule_context&) = delete;
  virtual ~rule_context() = default;

  /// `done` of the latest command, or the time of a later record.
  [[nodiscard]] virtual moment now() const = 0;
  [[nodiscard]] virtual const capture_begun& capture() const = 0;

  [[nodiscard]] virtual const connection_book& connections() const = 0;

  [[nodiscard]] virtual const key_state* find(key_ref key) const = 0;
  [[nodiscard]] virtual const key_state* find(std::uint32_t database,
                                              std::string_view name) const = 0;
  [[nodiscard]] virtual const std::deque<pattern_state>& patterns() const = 0;
  /// The pattern with this index, or that with which it was united.
  [[nodiscard]] const pattern_state& pattern_now(std::uint32_t index) const {
    const std::deque<pattern_state>& all = patterns();
    while (all[index].united) index = *all[index].united;
    return all[index];
  }

  /// The role of a pattern. It is final in `rule::on_end`, and a guess before.
  [[nodiscard]] virtual key_role role_of(const pattern_state& pattern) const = 0;
  /// The usual load time of a pattern; 0: no load was seen.
  [[nodiscard]] virtual moment delta_of(const pattern_state& pattern) const = 0;
  /// True if a store followed at least one miss of the pattern: cache-aside.
  [[nodiscard]] virtual bool is_cache_aside(const pattern_state& pattern) const = 0;

  /// True if the tool deleted a key or held replies in [from, to]. Rules that measure when waiters
  /// poll ignore such times.
  [[nodiscard]] virtual bool is_perturbed(moment from, moment to) const = 0;

  /// The commands on these keys in [from, to], ordered by time: at most `lines_max` of them (see
  /// `chosen_lines`). In place of others, a line says how many are left out. The operations in
  /// `decisive` are among them even if they are outside, not yet in the history, or forgotten. This
  /// is expensive: call it only for evidence that is kept.
  [[nodiscard]] virtual std::vector<moment_line> timeline(
      std::span<const key_ref> keys, moment from, moment to,
      std::span<const decisive_operation> decisive = {}, std::size_t lines_max = 40) const = 0;

  /// The number of loads that the origin reported; nullopt: none, or there were outages.
  /// An application without its cache loads without it.
  [[nodiscard]] virtual std::optional<std::uint64_t> origin_loads() const = 0;

  /// The reply of the server to PTTL for a key after the run. -1: no ttl; nullopt: the auditor did
  /// not ask.
  [[nodiscard]] virtual std::optional<std::int64_t> pttl_at_end(std::string_view key) const = 0;
  /// "allkeys-lru"; "" if unknown.
  [[nodiscard]] virtual std::string_view eviction_policy() const = 0;

  /// The times in which the tool let the server fail.
  [[nodiscard]] virtual const outage_book& outages() const = 0;

 protected:
  rule_context() = default;
};

}  // namespace drover::audit
