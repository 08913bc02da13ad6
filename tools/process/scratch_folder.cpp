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

// A socket's path may have 107 characters; its file's name comes on top.
constexpr std::size_t path_max = 80;
constexpr auto removal_max = 2s;

/// Whether the user may go through the folder. Groups beyond the first are left out: whoever made
/// a folder for a group has not meant us.
bool lets_through(const fs::path& folder, const user& who) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return false;
  if (found.st_uid == who.uid) return (found.st_mode & S_IXUSR) != 0;
  if (found.st_gid == who.gid) return (found.st_mode & S_IXGRP) != 0;
  return (found.st_mode & S_IXOTH) != 0;
}

bool can_reach(fs::path folder, const user& who) {
  std::error_code none;
  folder = fs::canonical(folder, none);
  if (none) return false;
  for (; folder != folder.root_path(); folder = folder.parent_path()) {
    if (!lets_through(folder, who)) return false;
  }
  return lets_through(folder, who);
}

std::string make_folder(const user* owner) {
  std::error_code nowhere;
  fs::path where = fs::temp_directory_path(nowhere);
  std::string name = (where / "drover-demo-XXXXXX").string();
  if (nowhere || name.size() > path_max || (owner != nullptr && !can_reach(where, *owner))) {
    name = "/tmp/drover-demo-XXXXXX";
  }
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error{errno, std::generic_category(), "cannot make the folder " + name};
  }
  return name;
}

}  // namespace

scratch_folder::scratch_folder() : path_{make_folder(nullptr)} {}

scratch_folder::scratch_folder(const user& owner) : path_{make_folder(&owner)} {
  if (::chown(path_.c_str(), owner.uid, owner.gid) == 0) return;
  const int error = errno;
  ::rmdir(path_.c_str());
  throw std::system_error{error, std::generic_category(), "cannot give away " + path_.string()};
}

scratch_folder::~scratch_folder() {
  // A process of a process that was killed may still be about to write, and to end.
  const auto deadline = std::chrono::steady_clock::now() + removal_max;
  std::error_code left;
  while (fs::remove_all(path_, left), left && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
}

}  // namespace drover::process
