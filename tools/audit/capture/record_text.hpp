// SPDX-License-Identifier: MIT
// Writes and reads records as lines of JSON. docs/reference/audit-record.md describes the format.
// Pure.
#pragma once

#include <drover/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "audit/capture/record.hpp"

namespace drover::audit {

/// The version that is written, and the only version that can be read.
inline constexpr unsigned record_version = 1;
/// The longest line in bytes. Longer lines are refused.
inline constexpr std::size_t record_line_max = std::size_t{4} << 20U;

/// Appends `item` as one line, with its '\n'.
void append_line(std::string& out, const record& item);

/// Reads one line without its '\n'. Ignores unknown fields. Fails if the kind of the record is
/// unknown, or if a required field is missing or a field has the wrong type or range. Threads: any.
[[nodiscard]] result<record> read_line(std::string_view line);

}  // namespace drover::audit
