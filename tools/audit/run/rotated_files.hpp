// SPDX-License-Identifier: MIT
// Keeps the older versions of a file: FILE.1 is the last one, FILE.2 the one before.
#pragma once

#include <cstddef>
#include <filesystem>

namespace drover::audit {

/// Renames FILE.1 to FILE.2 and so on, and makes FILE.1 a link to FILE, so that FILE can be
/// replaced and exists at all times. At most `keep` files remain, including FILE. Does nothing if
/// FILE is not a regular file. Of a link, the file that it leads to is rotated. Throws
/// std::filesystem::filesystem_error.
void rotate_files(const std::filesystem::path& named, std::size_t keep);

}  // namespace drover::audit
