// SPDX-License-Identifier: MIT
// Files that contain names of keys: recordings, logs and reports.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace drover::text {

/// The mode of a file that only its owner may read.
inline constexpr ::mode_t private_mode = S_IRUSR | S_IWUSR;

struct opened_file {
  int descriptor = -1;  ///< to be closed by the caller; -1: the file was not opened
  std::string problem;  ///< why it was not opened
};

/// Creates or truncates a file that only its owner may read, and opens it for writing. Pipes and
/// devices are opened without a change.
///
/// A link to a regular file, or to none, is refused, because in a folder that others may write to
/// it could lead to any file of this user. A pipe that nobody reads is refused. Writing to a pipe
/// does not block: `write` fails with EAGAIN while the pipe is full.
[[nodiscard]] opened_file open_private_file(const std::filesystem::path& file);

}  // namespace drover::text
