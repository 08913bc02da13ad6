// SPDX-License-Identifier: MIT
// The project's own documents, for tests that compare the code with them.
#pragma once

#include <string>
#include <string_view>

namespace drover::test {

/// The full path of a file, given relative to the top folder of the sources.
[[nodiscard]] std::string source_path(std::string_view path);

/// The text of a page, by its path from the top folder. Throws std::runtime_error if there is none.
[[nodiscard]] std::string document(std::string_view path);

/// The text between the first `begin` and the next `end` after it; empty if there is no such part.
[[nodiscard]] std::string_view part_between(std::string_view text, std::string_view begin,
                                            std::string_view end);

}  // namespace drover::test
