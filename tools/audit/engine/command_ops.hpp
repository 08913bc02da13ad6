// SPDX-License-Identifier: MIT
// What each command does to its keys: a function of the command and its reply alone.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "audit/engine/op.hpp"

namespace drover::audit {

/// Redis's limit for a ttl is far beyond; this one keeps sums of two in range.
inline constexpr std::int64_t ttl_ms_max = std::numeric_limits<std::int64_t>::max() / 4'000;

/// One event being taken apart. `start` has what all its ops share.
struct command_reader {
  const event& command;
  op start;
  std::int64_t unix_ms = 0;
  std::vector<op>& out;

  /// Adds an op on the key of an argument; the reference is good until the next.
  op& put(op_kind kind, const field& key) const {
    op& operation = out.emplace_back(start);
    operation.kind = kind;
    operation.key = key.text;
    operation.key_hash = key.of.hash;
    return operation;
  }
};

/// False: no command by that name; then nothing was added.
bool ops_of_command(const command_reader& reader);
/// The name as this program spells it, valid for ever; "" if it is not known.
[[nodiscard]] std::string_view known_command(std::string_view name);

/// The number that a word stands for.
[[nodiscard]] std::optional<std::int64_t> number_of(const field& argument);
/// yes: there is something; no: nil, or an empty aggregate or text where `empty_is_nothing`.
[[nodiscard]] op_outcome read_outcome(const reply_item& answer);
/// By an integer that counts, or OK: 0 and nil mean no.
[[nodiscard]] op_outcome write_outcome(const reply_item& answer);
/// A ttl of so many milliseconds. Not positive: it is gone at once.
void set_ttl(op& operation, std::int64_t ms);

}  // namespace drover::audit
