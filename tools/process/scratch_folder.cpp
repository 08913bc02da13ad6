// SPDX-License-Identifier: MIT
#include "process/scratch_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace drover::simulate {
namespace {

constexpr std::size_t path_max =
    80;  // a socket's may have 107 characters; its file's name comes on top

std::string folder_name() {
  std::error_code nowhere;
  const std::filesystem::path wanted = std::filesystem::temp_directory_path(nowhere);
  std::string name = (wanted / "drover-demo-XXXXXX").string();
  return nowhere || name.size() > path_max ? "/tmp/drover-demo-XXXXXX" : name;
}

}  // namespace

scratch_folder::scratch_folder() {
  std::string name = folder_name();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error{errno, std::generic_category(), "cannot make the folder " + name};
  }
  path_ = name;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace drover::simulate
