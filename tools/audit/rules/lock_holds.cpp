// SPDX-License-Identifier: MIT
#include "audit/rules/lock_holds.hpp"

#include <algorithm>

namespace drover::audit {

evidence proof_of_lock_hold(const rule_context& all, const lock_hold& what, const key_state& lock,
                            moment until, std::string summary) {
  moment from = what.won.sent;
  if (what.value.missed && from - what.value.missed->sent < std::chrono::seconds(1)) {
    from = std::min(from, what.value.missed->sent);
  }
  return proof_of(all, lock, from, until, std::move(summary), what.value.key);
}

coverage_line::status status_of(std::uint64_t bad, std::uint64_t all) {
  if (bad > 0) return coverage_line::status::fail;
  return all > 0 ? coverage_line::status::pass : coverage_line::status::not_exercised;
}

std::string lock_in_words(const rule_context& all, const pattern_state& lock) {
  if (!lock.paired) return lock.text;
  return lock.text + " (guards " + all.patterns()[*lock.paired].text + ")";
}

}  // namespace drover::audit
