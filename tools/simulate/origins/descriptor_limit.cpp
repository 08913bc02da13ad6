// SPDX-License-Identifier: MIT
#include "simulate/origins/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace drover::simulate {
namespace {

std::uint64_t open_now() {
  std::error_code none;
  const std::filesystem::directory_iterator all{"/proc/self/fd", none};
  return none ? 0 : static_cast<std::uint64_t>(std::distance(begin(all), end(all)));
}

}  // namespace

void allow_descriptors(std::uint64_t more, const std::string& purpose) {
  constexpr std::uint64_t aside = 64;  // for other parts of the process
  const rlim_t needed = open_now() + more + aside;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    throw std::runtime_error{purpose + " need " + std::to_string(needed) +
                             " open files, and this process may have " +
                             std::to_string(limit.rlim_max) +
                             ": raise the limit (ulimit -Hn), or use fewer callers per process"};
  }
  limit.rlim_cur = needed;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace drover::simulate
