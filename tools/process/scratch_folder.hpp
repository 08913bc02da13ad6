// SPDX-License-Identifier: MIT
// A temporary folder that is removed with this object, including its contents.
#pragma once

#include <filesystem>

#include "process/user.hpp"

namespace drover::process {

class scratch_folder {
 public:
  /// Created in the folder for temporary files, or in /tmp if the path of a socket would be too
  /// long. Throws std::system_error.
  scratch_folder();
  /// A folder that belongs to another user and that this user can enter. For root only.
  explicit scratch_folder(const user& owner);
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace drover::process
