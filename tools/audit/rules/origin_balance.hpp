// SPDX-License-Identifier: MIT
// The balance of the run: the loads that an origin counter told without naming keys, against the
// loads that the cache shows.
#pragma once

#include <cstdint>

#include "audit/engine/rule.hpp"

namespace drover::audit {

class origin_balance {
 public:
  /// Counts loads that name no key. A pass-through counts queries, which need not be loads.
  void add(const record& item);

  [[nodiscard]] bool is_told() const { return is_told_; }
  [[nodiscard]] std::uint64_t told() const { return told_; }
  /// The values that were stored or refused, without changes of what was read. Roles are final.
  [[nodiscard]] static std::uint64_t stored(const rule_context& context);
  /// The loads that left no trace; 0 if they are so few that they may be retries and failed loads.
  [[nodiscard]] std::uint64_t surplus(const rule_context& context) const;

 private:
  std::uint64_t told_ = 0;
  bool is_told_ = false;
};

}  // namespace drover::audit
