// SPDX-License-Identifier: MIT
// The rows of the origin and the values made from them. A value names its key, its version and the
// time of its read, so that a wrong or an old value can be detected.
//
// Pure. Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

/// The text in the row of `key` in that version.
[[nodiscard]] std::string body_of(std::string_view key, std::uint64_t version);

struct value_read {
  std::uint64_t version = 0;
  std::int64_t read_at = 0;  ///< nanoseconds of CLOCK_MONOTONIC when the query began
};

/// The value that a caller gets: JSON in one line, about 300 bytes.
[[nodiscard]] std::string value_of(std::string_view key, std::string_view body, value_read of);

/// nullopt unless `value` is, byte for byte, a result of `value_of` for this key.
[[nodiscard]] std::optional<value_read> read_value(std::string_view key, std::string_view value);

}  // namespace drover::simulate
