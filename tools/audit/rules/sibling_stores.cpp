// SPDX-License-Identifier: MIT
#include "audit/rules/sibling_stores.hpp"

#include <algorithm>
#include <chrono>

#include "audit/engine/key_segments.hpp"

namespace drover::audit {
namespace {

/// Nothing is loaded between the two stores.
constexpr moment siblings_within = std::chrono::milliseconds{30};
/// The client has read both shortly before, one after the other.
constexpr moment read_within = std::chrono::milliseconds{30};
constexpr std::size_t recent_max = 64;

/// The name without its last segment; "" if there is none, or if the last segment is an id.
std::string_view stem_of(std::string_view name) {
  const std::size_t at = name.find_last_of(":./|#_-");
  if (at == std::string_view::npos || at == 0 || at + 1 == name.size()) return {};
  const std::string_view last = name.substr(at + 1);
  const bool is_word = std::all_of(last.begin(), last.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return is_word ? name.substr(0, at) : std::string_view{};
}

/// A time, a version or a checksum, and not what is cached.
bool is_small_value(const digest& value) {
  const bool is_plain = value.looks == shape::integer || value.looks == shape::text;
  return is_plain && value.length > 0 && value.length <= mark_bytes_max;
}

bool is_same_client(const op_summary& a, const op_summary& b) {
  return a.connection == b.connection || (a.process != 0 && a.process == b.process);
}

}  // namespace

std::optional<sibling_stores::earlier> sibling_stores::add(const op& operation,
                                                           const key_state& key,
                                                           const rule_context& context) {
  while (!recent_.empty() && (operation.sent - recent_.front().store.done > siblings_within ||
                              recent_.size() >= recent_max)) {
    recent_.pop_front();
  }
  const bool is_replaced = key.state == key_state::presence::present && key.last_hit &&
                           key.last_store && key.value.hash != operation.value.hash;
  const std::string_view stem = is_replaced ? stem_of(key.name) : std::string_view{};
  if (stem.empty() || key.pattern->lock_name) return std::nullopt;
  const bool is_small = is_small_value(operation.value);
  std::optional<earlier> found;
  for (auto other = recent_.rbegin(); other != recent_.rend() && !found; ++other) {
    if (other->stem != stem || other->database != key.database || other->key == key.ref) continue;
    if (other->is_small == is_small || !is_same_client(other->store, operation)) continue;
    const moment apart =
        std::max(key.last_hit->sent - other->read->sent, other->read->sent - key.last_hit->sent);
    if (apart > read_within || !is_same_client(*key.last_hit, *other->read)) continue;
    const key_state* const sibling = context.find(other->key);
    if (sibling == nullptr || sibling->pattern == key.pattern) continue;
    found = earlier{other->key, other->store, other->is_small};
  }
  if (!found) {
    recent_.push_back(
        {key.ref, std::string{stem}, key.database, op_summary{operation}, is_small, key.last_hit});
  }
  return found;
}

}  // namespace drover::audit
