// SPDX-License-Identifier: MIT
// The system's own functions behind those that this program replaces, for use outside of a
// schedule.
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace drover::world {

/// The function of the C library with this name. Some have a second, older version.
template <class Function>
[[nodiscard]] Function real_call(const char* name, const char* version = nullptr) noexcept {
  void* found = version == nullptr ? nullptr : ::dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) found = ::dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    std::fprintf(stderr, "drover-world: the C library has no %s\n", name);
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

}  // namespace drover::world
