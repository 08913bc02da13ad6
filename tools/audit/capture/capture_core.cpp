// SPDX-License-Identifier: MIT
#include "audit/capture/capture_core.hpp"

#include <utility>

#include "audit/capture/key_pattern.hpp"
#include "audit/capture/limits.hpp"
#include "audit/capture/script_facts.hpp"
#include "lease/sha1.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t spent_max = 1024;

void append_hash(std::string& out, std::uint64_t hash) {
  for (unsigned shift = 64; shift > 0; shift -= 4) {
    out += "0123456789abcdef"[(hash >> (shift - 4)) & 15U];
  }
}

/// Prepares a used event for its next use. Keeps the arguments, so that the memory of their texts
/// is reused.
void wipe(event& command) {
  command.transaction = 0;
  command.executed = true;
  command.script.clear();
  static_cast<reply_item&>(command.answer) = {};
  command.answer.items.clear();
}

}  // namespace

capture_core::capture_core(const capture_options& options, record_sink& sink)
    : options_{options}, sink_{sink} {}

std::unique_ptr<record> capture_core::new_event() {
  if (spent_.empty()) return std::make_unique<record>(event{});
  std::unique_ptr<record> next = std::move(spent_.back());
  spent_.pop_back();
  if (!std::holds_alternative<event>(*next)) {
    next->emplace<event>();
  } else {
    wipe(std::get<event>(*next));
  }
  return next;
}

void capture_core::emit_event(std::unique_ptr<record> next) {
  std::get<event>(*next).sequence = ++sequence_;
  sink_.take_owned(next);
  if (spent_.size() < spent_max) spent_.push_back(std::move(next));
}

bool capture_core::reserve_bytes(std::size_t cost) noexcept {
  if (waiting_bytes_ + cost > options_.waiting_bytes_max) return false;
  waiting_bytes_ += cost;
  return true;
}

void capture_core::set_recorded_name(std::string_view head, const digest& name_digest,
                                     std::string& into) const {
  into.clear();
  if (options_.hide_keys) {
    // The hash of the pattern comes first, so that keys can be grouped by pattern.
    append_hash(into, digest_of(options_.hash_key, fold_key(head)).hash);
    into += ':';
    // Then half a hash of the part that the key shares with its lock, for samples: `place_of`.
    std::string common;
    set_common_part(head, common);
    constexpr std::uint64_t lower_half = 0xffff'ffffU;
    append_hash(into, (digest_of(options_.hash_key, common).hash & ~lower_half) |
                          (name_digest.hash & lower_half));
    return;
  }
  if (name_digest.length <= name_bytes_max) {
    into = head;
    return;
  }
  into = head.substr(0, name_bytes_max - 17);
  into += '#';
  append_hash(into, name_digest.hash);
}

const std::string& capture_core::see_body(std::string_view body) {
  const std::uint64_t hash = digest_of(options_.hash_key, body).hash;
  const auto entry = sha1_of_body_.find(hash);
  if (entry != sha1_of_body_.end()) return entry->second;
  // Bounds the map. Only a client that sends new bodies all the time pays for the SHA1 again.
  if (sha1_of_body_.size() >= scripts_max) sha1_of_body_.clear();
  const auto digits = lease::sha1_of(body);
  std::string& sha1 = sha1_of_body_[hash];
  sha1.assign(digits.data(), digits.size());
  if (!knows_script(sha1)) see(facts_of_body(sha1, body, options_.hash_key));
  return sha1;
}

std::string capture_core::see_library(std::string_view body) {
  library_facts facts = facts_of_library(body, options_.hash_key);
  for (script_seen& script : facts.functions) see(std::move(script));
  return std::move(facts.name);
}

void capture_core::see_call(std::string_view sha1) {
  if (knows_script(sha1)) return;
  std::optional<script_seen> facts = facts_of_published(sha1);
  if (facts) see(std::move(*facts));
}

bool capture_core::knows_script(std::string_view script) const {
  return seen_.find(std::string{script}) != seen_.end();
}

unsigned capture_core::ttl_argument_of(const std::string& script) const {
  const auto entry = seen_.find(script);
  return entry == seen_.end() ? 0 : entry->second;
}

void capture_core::see(script_seen&& facts) {
  if (seen_.size() >= scripts_max) return;
  if (!seen_.emplace(facts.script, facts.ttl_argument).second) return;
  emit(std::move(facts));
}

}  // namespace drover::audit
