// SPDX-License-Identifier: MIT
#include "campaign/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace drover::campaign {

mapped_file::mapped_file(const std::string& path, std::size_t size) : size_{size} {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) throw std::system_error{errno, std::generic_category(), path};
  if (::ftruncate(descriptor, static_cast<off_t>(size_)) != 0) {
    const int error = errno;
    ::close(descriptor);
    throw std::system_error{error, std::generic_category(), path};
  }
  at_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (at_ == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "mmap"};
}

mapped_file::~mapped_file() { ::munmap(at_, size_); }

}  // namespace drover::campaign
