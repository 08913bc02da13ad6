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

/// ARGV starts behind the last key; without keys behind the script and their number.
const field* argument(const event& what, unsigned position) {
  if (position == 0) return nullptr;
  std::size_t begin = 2;
  for (std::size_t i = 0; i < what.arguments.size(); ++i) {
    if (what.arguments[i].is == field::kind::key) begin = i + 1;
  }
  const std::size_t at = begin + position - 1;
  return at < what.arguments.size() ? &what.arguments[at] : nullptr;
}

void read_ttl(const command_reader& reader, const script_seen& script, op& made) {
  made.ttl_how = ttl_effect::unknown;
  const field* const ttl = argument(reader.what, script.ttl_argument);
  if (ttl == nullptr) return;
  if (const auto number = number_of(*ttl)) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4'000'000;
    const std::int64_t bounded = std::clamp(*number, -most, most);
    set_ttl(made, script.ttl_in_seconds ? bounded * 1000 : bounded);
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

op_outcome script_outcome(script_seen::success says, const reply_item& answer) {
  if (answer.is == reply_item::kind::error) return outcome::failed;
  if (answer.is == reply_item::kind::missing) return outcome::unknown;
  const bool is_null = answer.is == reply_item::kind::null;
  const auto answered = [](bool yes) { return yes ? outcome::yes : outcome::no; };
  switch (says) {
    case script_seen::success::null: return answered(is_null);
    case script_seen::success::not_null: return answered(!is_null);
    case script_seen::success::one:
      return answered(answer.is == reply_item::kind::integer && answer.integer == 1);
    case script_seen::success::ok: return answered(answer.is == reply_item::kind::status);
    case script_seen::success::unknown: break;
  }
  return done_by(answer);
}

void ops_of_script(const command_reader& reader, const script_seen* script) {
  const kind is = script == nullptr ? kind::opaque : kind_of(script->does);
  for (const field& each : reader.what.arguments) {
    if (each.is != field::kind::key) continue;
    op& made = reader.put(is, each);
    if (script == nullptr) continue;
    made.known_as = script->known_as;
    made.came = script_outcome(script->says, reader.what.answer);
    const bool compares = script->does == purpose::compare_and_delete ||
                          script->does == purpose::compare_and_expire ||
                          script->does == purpose::acquire;
    const unsigned shown = compares ? script->token_argument : script->value_argument;
    if (const field* const value = argument(reader.what, shown)) made.value = value->of;
    if (script->does == purpose::compare_and_store) made.only_if = store_condition::script;
    if (is == kind::store || is == kind::acquire || is == kind::compare_expire) {
      read_ttl(reader, *script, made);
    }
    if (is == kind::read) {
      made.value = reader.what.answer.of;
      made.came = found_in(reader.what.answer);
    }
    if (is == kind::change && made.came == outcome::no) made.came = outcome::yes;
  }
}

}  // namespace drover::audit
