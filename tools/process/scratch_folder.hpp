// SPDX-License-Identifier: MIT
// A fresh temporary folder that goes away with this object, with all that is in it.
#pragma once

#include <filesystem>

#include "process/user.hpp"

namespace drover::process {

class scratch_folder {
 public:
  /// Where the environment says that temporary files belong; in /tmp if a socket's path would be
  /// too long there. Throws std::system_error.
  scratch_folder();
  /// One that belongs to somebody else, where that user can get at it. For root.
  explicit scratch_folder(const user& owner);
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace drover::process
