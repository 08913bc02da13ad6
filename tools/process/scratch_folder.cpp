// SPDX-License-Identifier: MIT
#include "process/scratch_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>

namespace drover::process {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// The path of a socket has at most 107 characters, including the name of its file.
constexpr std::size_t path_max = 80;
constexpr auto removal_max = 2s;

/// Whether the user may enter the folder. Supplementary groups are ignored, because the child
/// process drops them.
bool lets_through(const fs::path& folder, const user& account) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return false;
  if (status.st_uid == account.uid) return (status.st_mode & S_IXUSR) != 0;
  if (status.st_gid == account.gid) return (status.st_mode & S_IXGRP) != 0;
  return (status.st_mode & S_IXOTH) != 0;
}

bool can_reach(fs::path folder, const user& account) {
  std::error_code none;
  folder = fs::canonical(folder, none);
  if (none) return false;
  for (; folder != folder.root_path(); folder = folder.parent_path()) {
    if (!lets_through(folder, account)) return false;
  }
  return lets_through(folder, account);
}

std::string make_folder(const user* owner) {
  std::error_code nowhere;
  fs::path parent = fs::temp_directory_path(nowhere);
  std::string name = (parent / "drover-demo-XXXXXX").string();
  if (nowhere || name.size() > path_max || (owner != nullptr && !can_reach(parent, *owner))) {
    name = "/tmp/drover-demo-XXXXXX";
  }
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error{errno, std::generic_category(), "cannot create the folder " + name};
  }
  return name;
}

}  // namespace

scratch_folder::scratch_folder() : path_{make_folder(nullptr)} {}

scratch_folder::scratch_folder(const user& owner) : path_{make_folder(&owner)} {
  if (::chown(path_.c_str(), owner.uid, owner.gid) == 0) return;
  const int error = errno;
  ::rmdir(path_.c_str());
  throw std::system_error{error, std::generic_category(),
                          "cannot change the owner of " + path_.string()};
}

scratch_folder::~scratch_folder() {
  // A descendant of a killed process may still write into the folder until it ends.
  const auto deadline = std::chrono::steady_clock::now() + removal_max;
  std::error_code left;
  while (fs::remove_all(path_, left), left && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
}

}  // namespace drover::process
