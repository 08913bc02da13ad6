// SPDX-License-Identifier: MIT
// What rules may ask: everything that the engine knows at this point of the run. Pointers and
// references are good during the call in which they were got; patterns live as long as the engine.
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
#include "audit/engine/settings.hpp"

namespace drover::audit {

class rule_context {
 public:
  rule_context(const rule_context&) = delete;
  rule_context& operator=(const rule_context&) = delete;
  virtual ~rule_context() = default;

  /// `done` of the latest command, or a later time that a record told.
  [[nodiscard]] virtual moment now() const = 0;
  [[nodiscard]] virtual const capture_begun& capture() const = 0;

  [[nodiscard]] virtual const connection_book& connections() const = 0;

  [[nodiscard]] virtual const key_state* find(key_ref key) const = 0;
  [[nodiscard]] virtual const key_state* find(std::uint32_t database,
                                              std::string_view name) const = 0;
  [[nodiscard]] virtual const std::deque<pattern_state>& patterns() const = 0;

  /// Of a pattern: final in `rule::on_end`, before that the guess so far.
  [[nodiscard]] virtual key_role role_of(const pattern_state& pattern) const = 0;
  /// How long a load of the pattern takes, usually; 0: no load was seen.
  [[nodiscard]] virtual moment delta_of(const pattern_state& pattern) const = 0;
  /// At least one miss of the pattern was followed by its store: cache-aside.
  [[nodiscard]] virtual bool is_cache_aside(const pattern_state& pattern) const = 0;

  /// The tool deleted a key or held replies at that time: rules that go by when waiters ask
  /// again leave it out.
  [[nodiscard]] virtual bool is_perturbed(moment from, moment to) const = 0;

  /// What was done to these keys in [from, to], by time. At most `lines_max` lines; if there was
  /// more, one of them says how much is left out. Costs: only for evidence that is kept.
  [[nodiscard]] virtual std::vector<moment_line> timeline(std::span<const key_ref> keys,
                                                          moment from, moment to,
                                                          std::size_t lines_max = 40) const = 0;

  /// Loads that the origin told of; nullopt: no counter ran.
  [[nodiscard]] virtual std::optional<std::uint64_t> origin_loads() const = 0;
  /// In the seconds that [from, to] touches.
  [[nodiscard]] virtual std::optional<std::uint64_t> origin_loads_in(moment from,
                                                                     moment to) const = 0;
  [[nodiscard]] virtual std::uint64_t wire_loads_in(moment from, moment to) const = 0;

  /// The server's PTTL answer for a key when the run was over: -1 no ttl; nullopt: not asked.
  [[nodiscard]] virtual std::optional<std::int64_t> pttl_at_end(std::string_view key) const = 0;
  /// "allkeys-lru"; "": not known.
  [[nodiscard]] virtual std::string_view eviction_policy() const = 0;

 protected:
  rule_context() = default;
};

}  // namespace drover::audit
