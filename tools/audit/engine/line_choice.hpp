// SPDX-License-Identifier: MIT
// The lines of a long timeline that are shown. Pure.
#pragma once

#include <cstddef>
#include <vector>

namespace drover::audit {

/// The places of at most `most` lines, ascending: the first and the last line, then lines that
/// changed a key, because such a line decides what happened, then lines from both ends. If too many
/// lines changed a key, those in the middle are left out. `most` must be at least 2.
[[nodiscard]] std::vector<std::size_t> chosen_lines(const std::vector<bool>& changed_a_key,
                                                    std::size_t most);

}  // namespace drover::audit
