// SPDX-License-Identifier: MIT
#include "audit/engine/script_ops.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace drover::audit {

namespace {

using kind = op_kind;
using outcome = op_outcome;
using purpose = script_seen::purpose;

/// An argument of the script by its 1-based position in ARGV. ARGV starts after the last key, or
/// without keys after the script and the number of keys.
const field* argument(const event& command, unsigned position) {
  if (position == 0) return nullptr;
  std::size_t begin = 2;
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    if (command.arguments[i].kind == field_kind::key) begin = i + 1;
  }
  const std::size_t at = begin + position - 1;
  return at < command.arguments.size() ? &command.arguments[at] : nullptr;
}

void read_ttl(const command_reader& reader, const script_seen& script, op& operation) {
  operation.on_ttl = ttl_effect::unknown;
  const field* const ttl = argument(reader.command, script.ttl_argument);
  if (ttl == nullptr) return;
  if (const auto number = number_of(*ttl)) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4'000'000;
    const std::int64_t bounded = std::clamp(*number, -most, most);
    set_ttl(operation, script.ttl_in_seconds ? bounded * 1000 : bounded);
  }
}

kind kind_of(purpose does) {
  switch (does) {
    case purpose::compare_and_delete: return kind::compare_remove;
    case purpose::compare_and_store:
    case purpose::store: return kind::store;
    case purpose::compare_and_expire: return kind::compare_expire;
    case purpose::acquire: return kind::acquire;
    case purpose::read: return kind::read;
    case purpose::del: return kind::remove;
    case purpose::rate_limit: return kind::change;
    case purpose::unknown: break;
  }
  return kind::opaque;
}

}  // namespace

op_outcome script_outcome(script_seen::success success, const reply_item& answer) {
  if (answer.kind == reply_kind::error) return outcome::failed;
  if (answer.kind == reply_kind::missing) return outcome::unknown;
  const bool is_null = answer.kind == reply_kind::null;
  const auto outcome_of = [](bool yes) { return yes ? outcome::yes : outcome::no; };
  switch (success) {
    case script_seen::success::null: return outcome_of(is_null);
    case script_seen::success::not_null: return outcome_of(!is_null);
    case script_seen::success::one:
      return outcome_of(answer.kind == reply_kind::integer && answer.integer == 1);
    case script_seen::success::ok: return outcome_of(answer.kind == reply_kind::status);
    case script_seen::success::unknown: break;
  }
  return write_outcome(answer);
}

void ops_of_script(const command_reader& reader, const script_seen* script) {
  const kind call_kind = script == nullptr ? kind::opaque : kind_of(script->does);
  for (const field& key : reader.command.arguments) {
    if (key.kind != field_kind::key) continue;
    op& operation = reader.put(call_kind, key);
    if (script == nullptr) continue;
    operation.known_as = script->known_as;
    operation.outcome = script_outcome(script->says, reader.command.answer);
    const bool compares = script->does == purpose::compare_and_delete ||
                          script->does == purpose::compare_and_expire ||
                          script->does == purpose::acquire;
    const unsigned value_position = compares ? script->token_argument : script->value_argument;
    if (const field* const value = argument(reader.command, value_position))
      operation.value = value->content_digest;
    if (script->does == purpose::compare_and_store) operation.condition = store_condition::script;
    if (call_kind == kind::store || call_kind == kind::acquire ||
        call_kind == kind::compare_expire) {
      read_ttl(reader, *script, operation);
    }
    if (call_kind == kind::read) {
      operation.value = reader.command.answer.content_digest;
      operation.outcome = read_outcome(reader.command.answer);
    }
    if (call_kind == kind::change && operation.outcome == outcome::no)
      operation.outcome = outcome::yes;
  }
}

}  // namespace drover::audit
