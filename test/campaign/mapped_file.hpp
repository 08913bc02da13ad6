// SPDX-License-Identifier: MIT
// A file in memory, whose contents survive when the process is killed. A new file holds zeros.
#pragma once

#include <cstddef>
#include <string>

namespace drover::campaign {

class mapped_file {
 public:
  /// Opens the file, or creates it. Throws std::system_error.
  mapped_file(const std::string& path, std::size_t size);
  ~mapped_file();
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;

  [[nodiscard]] void* data() const noexcept { return at_; }

 private:
  std::size_t size_;
  void* at_ = nullptr;
};

}  // namespace drover::campaign
