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

using key_effect = script_seen::key_effect;
using reply_sign = script_seen::reply_sign;

void read_ttl(const command_reader& reader, const key_effect& does, op& operation) {
  operation.on_ttl = does.no_ttl ? ttl_effect::none : ttl_effect::unknown;
  const field* const ttl = argument(reader.command, does.ttl_argument);
  if (ttl == nullptr) return;
  if (const auto number = number_of(*ttl)) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4'000'000;
    const std::int64_t bounded = std::clamp(*number, -most, most);
    set_ttl(operation, does.ttl_in_seconds ? bounded * 1000 : bounded);
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
    case purpose::rate_limit:
    case purpose::change: return kind::change;
    case purpose::compare:
    case purpose::unknown: break;
  }
  return kind::opaque;
}

}  // namespace

op_outcome script_outcome(script_seen::success success, const reply& answer) {
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
    case script_seen::success::first_one:
      if (answer.items.empty()) return outcome::unknown;
      return outcome_of(answer.items.front().kind == reply_kind::integer &&
                        answer.items.front().integer == 1);
    case script_seen::success::unknown: break;
  }
  return write_outcome(answer);
}

namespace {

/// How surely a reply is one of the signs: 2: it is exactly one of them, 1: of a kind, 0: not.
int likeness(const std::vector<reply_sign>& signs, const reply& answer) {
  const bool begins_with_integer = answer.kind == reply_kind::aggregate && !answer.items.empty() &&
                                   answer.items.front().kind == reply_kind::integer;
  int best = 0;
  for (const reply_sign& sign : signs) {
    if (sign.kind == reply_kind::missing) best = std::max(best, 1);
    if (sign.kind != answer.kind) continue;
    const bool exact =
        answer.kind == reply_kind::null ||
        (!sign.any && begins_with_integer && sign.integer == answer.items.front().integer) ||
        (!sign.any && answer.kind != reply_kind::aggregate &&
         (answer.kind == reply_kind::integer
              ? sign.integer == answer.integer
              : sign.content_digest.hash == answer.content_digest.hash));
    if (exact) return 2;
    if (sign.any) best = 1;
  }
  return best;
}

/// Whether a call of the script did `does`, judged by its reply.
outcome outcome_of(const key_effect& does, const script_seen& script, const reply& answer) {
  if (answer.kind == reply_kind::error) return outcome::failed;
  if (answer.kind == reply_kind::missing) return outcome::unknown;
  if (does.always) return outcome::yes;
  if (does.yes.empty() && does.no.empty()) return script_outcome(script.says, answer);
  const int yes = likeness(does.yes, answer);
  const int no = likeness(does.no, answer);
  if (yes == no) return outcome::unknown;
  if (yes > no) return outcome::yes;
  return does.may_not_try ? outcome::unknown : outcome::no;
}

/// A read by a script: its reply is the value, or an aggregate that begins with the value.
void read_value(const command_reader& reader, const key_effect& does, op& operation) {
  const reply& answer = reader.command.answer;
  const reply_item& value =
      answer.kind == reply_kind::aggregate && !answer.items.empty() ? answer.items.front() : answer;
  operation.outcome = read_outcome(value);
  operation.value = value.content_digest;
  if (does.yes.empty() || operation.outcome == outcome::failed) return;
  const reply_item* text = &value;
  for (const reply_item& item : answer.items) {
    if (item.kind == reply_kind::text && text->kind != reply_kind::text) text = &item;
  }
  operation.value = text->content_digest;
  const bool is_value = likeness(does.yes, answer) > likeness(does.no, answer);
  operation.outcome = is_value ? outcome::yes : outcome::no;
  if (!is_value) operation.value = {};
}

void add_op(const command_reader& reader, const script_seen& script, const key_effect& does,
            const field& key) {
  if (does.does == purpose::compare) return;
  const kind call_kind = kind_of(does.does);
  op& operation = reader.put(call_kind, key);
  operation.known_as = script.known_as;
  operation.outcome = outcome_of(does, script, reader.command.answer);
  const bool compares = does.does == purpose::compare_and_delete ||
                        does.does == purpose::compare_and_expire || does.does == purpose::acquire;
  const unsigned value_position = compares ? does.token_argument : does.value_argument;
  if (const field* const value = argument(reader.command, value_position))
    operation.value = value->content_digest;
  if (does.does == purpose::compare_and_store) operation.condition = store_condition::script;
  if (call_kind == kind::store || call_kind == kind::acquire || call_kind == kind::compare_expire) {
    read_ttl(reader, does, operation);
  }
  if (call_kind == kind::read) read_value(reader, does, operation);
  if (call_kind == kind::change && operation.outcome == outcome::no)
    operation.outcome = outcome::yes;
}

/// The effect on the key with this number; null if the script does not touch it.
const key_effect* effect_on(const script_seen& script, unsigned key) {
  const key_effect* each = nullptr;
  for (const key_effect& candidate : script.keys) {
    if (candidate.key == key) return &candidate;
    if (candidate.key == 0) each = &candidate;
  }
  return each;
}

}  // namespace

void ops_of_script(const command_reader& reader, const script_seen* script) {
  key_effect whole;
  if (script != nullptr) {
    whole.does = script->does;
    whole.token_argument = script->token_argument;
    whole.ttl_argument = script->ttl_argument;
    whole.value_argument = script->value_argument;
    whole.ttl_in_seconds = script->ttl_in_seconds;
  }
  unsigned number = 0;
  for (const field& key : reader.command.arguments) {
    if (key.kind != field_kind::key) continue;
    ++number;
    if (script == nullptr) {
      reader.put(kind::opaque, key);
      continue;
    }
    const key_effect* const does = script->keys.empty() ? &whole : effect_on(*script, number);
    if (does != nullptr) add_op(reader, *script, *does, key);
  }
}

}  // namespace drover::audit
