// SPDX-License-Identifier: MIT
// The rows that the origin holds, and the values that are made of them: each says of which key it
// is, in which version, and when it was read, so that everybody can tell a wrong or an old one.
//
// Pure. Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

/// What the database keeps in the row of `key` in that version.
[[nodiscard]] std::string body_of(std::string_view key, std::uint64_t version);

struct value_read {
  std::uint64_t version = 0;
  std::int64_t read_at = 0;  ///< nanoseconds of CLOCK_MONOTONIC when the query began
};

/// The value that a caller gets: JSON in one line, about 300 bytes.
[[nodiscard]] std::string value_of(std::string_view key, std::string_view body, value_read of);

/// nullopt when it is not, byte for byte, what `value_of` makes for this key.
[[nodiscard]] std::optional<value_read> read_value(std::string_view key, std::string_view value);

}  // namespace drover::simulate
