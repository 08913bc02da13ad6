// SPDX-License-Identifier: MIT
// Records as lines of JSON: docs/reference/audit-record.md describes the format. Pure.
#pragma once

#include <drover/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "audit/capture/record.hpp"

namespace drover::audit {

/// The version written, and the only one read.
inline constexpr unsigned record_version = 1;
/// No line is longer; a longer one is refused.
inline constexpr std::size_t record_line_max = std::size_t{4} << 20U;

/// Appends `one` as one line, with its '\n'.
void append_line(std::string& out, const record& one);

/// Reads one line, given without its '\n'. What the format does not name is ignored, but for an
/// unknown kind of record; what it names must be there and be of its type and range. Threads: any.
[[nodiscard]] result<record> read_line(std::string_view line);

}  // namespace drover::audit
