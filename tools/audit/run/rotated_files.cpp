// SPDX-License-Identifier: MIT
#include "audit/run/rotated_files.hpp"

#include <string>
#include <system_error>

namespace drover::audit {
namespace {

std::filesystem::path older(const std::filesystem::path& file, std::size_t age) {
  return age == 0 ? file : std::filesystem::path{file.string() + '.' + std::to_string(age)};
}

}  // namespace

void rotate_files(const std::filesystem::path& named, std::size_t keep) {
  if (!std::filesystem::is_regular_file(named) || keep < 2) return;
  // A report replaces the file that a link leads to, and not the link.
  const std::filesystem::path file = std::filesystem::canonical(named);
  for (std::size_t age = keep - 1; age > 1; --age) {
    const std::filesystem::path from = older(file, age - 1);
    if (std::filesystem::exists(from)) std::filesystem::rename(from, older(file, age));
  }
  const std::filesystem::path newest = older(file, 1);
  std::filesystem::remove(newest);
  std::error_code error;
  std::filesystem::create_hard_link(file, newest, error);
  if (error) std::filesystem::rename(file, newest);  // a file system without links
}

}  // namespace drover::audit
