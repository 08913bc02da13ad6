// SPDX-License-Identifier: MIT
// The parts of arguments and replies that all commands share.
#include <algorithm>
#include <charconv>

#include "audit/engine/command_ops.hpp"

namespace drover::audit {

namespace {

using outcome = op_outcome;

}  // namespace

std::optional<std::int64_t> number_of(const field& argument) {
  if (argument.kind != field_kind::word) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = argument.text.data() + argument.text.size();
  const auto read = std::from_chars(argument.text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

op_outcome read_outcome(const reply_item& answer) {
  switch (answer.kind) {
    case reply_kind::missing: return outcome::unknown;
    case reply_kind::error: return outcome::failed;
    case reply_kind::null: return outcome::no;
    case reply_kind::aggregate: return answer.integer == 0 ? outcome::no : outcome::yes;
    case reply_kind::text:
    case reply_kind::status:
    case reply_kind::integer: break;
  }
  return outcome::yes;
}

op_outcome write_outcome(const reply_item& answer) {
  switch (answer.kind) {
    case reply_kind::missing: return outcome::unknown;
    case reply_kind::error: return outcome::failed;
    case reply_kind::null: return outcome::no;
    case reply_kind::integer: return answer.integer > 0 ? outcome::yes : outcome::no;
    case reply_kind::aggregate:
    case reply_kind::text:
    case reply_kind::status: break;
  }
  // QUEUED is the reply to a queued command. It says nothing about the outcome.
  return answer.word == "QUEUED" ? outcome::unknown : outcome::yes;
}

void set_ttl(op& operation, std::int64_t ms) {
  operation.on_ttl = ttl_effect::set;
  operation.ttl = std::chrono::duration_cast<moment>(
      std::chrono::milliseconds(std::clamp(ms, -ttl_ms_max, ttl_ms_max)));
}

}  // namespace drover::audit
