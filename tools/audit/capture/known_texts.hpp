// SPDX-License-Identifier: MIT
// Texts that get into a cache by mistake: what a language makes of an object, of a missing value or
// of an error, and the error pages of web servers. A recording says which of them a value is, and
// nothing else of its content.
//
// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "audit/capture/event.hpp"

namespace drover::audit {

/// The first bytes of a value, which show whether it is a known text.
inline constexpr std::size_t known_bytes_max = 160;

/// `head`: the first `known_bytes_max` bytes of the value, or the whole value if it is shorter. The
/// text may stand in double quotes, as JSON writes it.
[[nodiscard]] known_text known_text_of(std::string_view head, std::uint64_t length) noexcept;

}  // namespace drover::audit
