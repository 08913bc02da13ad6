// SPDX-License-Identifier: MIT
// The project's own pages, for tests that hold the code to them.
#pragma once

#include <string>
#include <string_view>

namespace drover::test {

/// A path from the top folder of the sources, whatever the working directory is.
[[nodiscard]] std::string source_path(std::string_view path);

/// The text of a page, by its path from the top folder. Throws std::runtime_error if there is none.
[[nodiscard]] std::string document(std::string_view path);

/// What stands between the first `begin` and the next `end` after it; empty if there is no such
/// part.
[[nodiscard]] std::string_view part_between(std::string_view text, std::string_view begin,
                                            std::string_view end);

}  // namespace drover::test
