// SPDX-License-Identifier: MIT
// The rows of the origin, and the values that queries make from them. A value contains its key, its
// version and the time of the read, so that the tool can detect a wrong or an old value.
//
// Pure. Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

/// The text in the row of `key` in version `version`.
[[nodiscard]] std::string body_of(std::string_view key, std::uint64_t version);

struct value_read {
  std::uint64_t version = 0;
  std::int64_t read_at = 0;  ///< nanoseconds of CLOCK_MONOTONIC when the query began
};

/// The value that a query returns: one line of JSON, about 300 bytes long.
[[nodiscard]] std::string value_of(std::string_view key, std::string_view body, value_read read);

/// Returns nullopt unless `value` is, byte for byte, a result of `value_of` for `key`.
[[nodiscard]] std::optional<value_read> read_value(std::string_view key, std::string_view value);

}  // namespace drover::simulate
