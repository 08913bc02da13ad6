// SPDX-License-Identifier: MIT
// DROVER_ASSERT checks the library's own state, never input from the wire, a codec or a user. It is
// off in release builds unless DROVER_CHECKED is set, because a library must not end the process of
// its user.
#pragma once

#if defined(DROVER_CHECKED) && DROVER_CHECKED
#include <cstdio>
#include <cstdlib>
#define DROVER_ASSERT(condition)                                                             \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
#else
#define DROVER_ASSERT(condition) static_cast<void>(sizeof((condition) ? 1 : 0))
#endif
