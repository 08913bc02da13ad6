// SPDX-License-Identifier: MIT
// A temporary folder. The destructor removes it and its contents.
#pragma once

#include <filesystem>

#include "process/user.hpp"

namespace drover::process {

class scratch_folder {
 public:
  /// Creates the folder in the directory for temporary files, or in /tmp if the path of a socket in
  /// it would be too long. Throws std::system_error.
  scratch_folder();
  /// Creates a folder that belongs to `owner`, in a directory that `owner` can enter. Requires
  /// root.
  explicit scratch_folder(const user& owner);
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace drover::process
