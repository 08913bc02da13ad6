// SPDX-License-Identifier: MIT
// Translates a command into what it does to its keys. The result depends only on the command and
// its reply.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "audit/engine/op.hpp"

namespace drover::audit {

/// Longer ttls are cut to this one, so that the sum of two does not overflow. The limit of Redis is
/// far higher.
inline constexpr std::int64_t ttl_ms_max = std::numeric_limits<std::int64_t>::max() / 4'000;

/// One event that is translated into ops. `start` holds what all its ops share.
struct command_reader {
  const event& command;
  op start;
  std::int64_t unix_ms = 0;
  std::vector<op>& out;

  /// Adds an op on the key of an argument. The reference is valid until the next call.
  op& put(op_kind kind, const field& key) const {
    op& operation = out.emplace_back(start);
    operation.kind = kind;
    operation.key = key.text;
    return operation;
  }
};

/// Adds the ops of a command. An unknown command is a change of each key that it names; for it the
/// result is false.
bool ops_of_command(const command_reader& reader);
/// The name in static storage, valid forever; "" if the command is unknown.
[[nodiscard]] std::string_view known_command(std::string_view name);

/// The number in a word; nullopt if the argument is no word or no number.
[[nodiscard]] std::optional<std::int64_t> number_of(const field& argument);
/// The outcome of a read: no for nil and for an empty aggregate, yes for every other value.
[[nodiscard]] op_outcome read_outcome(const reply_item& answer);
/// The outcome of a write: no for nil and for an integer that is not positive, otherwise yes.
[[nodiscard]] op_outcome write_outcome(const reply_item& answer);
/// Sets the ttl in milliseconds. With a ttl that is not positive, the key is gone at once.
void set_ttl(op& operation, std::int64_t ms);

}  // namespace drover::audit
