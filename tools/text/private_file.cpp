// SPDX-License-Identifier: MIT
#include "text/private_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace drover::text {
namespace {

constexpr int usual_flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

opened_file failed(int error) {
  if (error == ENXIO) return {-1, "no program reads the pipe; start its reader first"};
  return {-1, std::string{std::strerror(error)} +
                  "; name a file in a folder that exists and is writable"};
}

// Links such as /dev/stdout and /dev/fd/3 lead to pipes, terminals and devices.
opened_file open_link(const char* file) {
  const int descriptor = ::open(file, usual_flags);
  const int error = errno;
  struct stat status {};
  const bool is_open = descriptor >= 0 && ::fstat(descriptor, &status) == 0;
  if (is_open && !S_ISREG(status.st_mode)) return {descriptor, {}};
  if (descriptor >= 0) ::close(descriptor);
  if (!is_open && error != ENOENT) return failed(error);
  return {-1, "is a symbolic link; name the file that it leads to"};
}

}  // namespace

opened_file open_private_file(const std::filesystem::path& file) {
  const int descriptor =
      ::open(file.c_str(), usual_flags | O_CREAT | O_TRUNC | O_NOFOLLOW, private_mode);
  if (descriptor < 0) return errno == ELOOP ? open_link(file.c_str()) : failed(errno);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    static_cast<void>(::fchmod(descriptor, private_mode));
  }
  return {descriptor, {}};
}

}  // namespace drover::text
