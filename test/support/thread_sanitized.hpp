// SPDX-License-Identifier: MIT
// Whether this build runs under the thread sanitizer: it cannot follow a child that a process with
// many threads forked, and its allocation functions cannot be replaced.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define DROVER_THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DROVER_THREAD_SANITIZED 1
#endif
#endif
#ifndef DROVER_THREAD_SANITIZED
#define DROVER_THREAD_SANITIZED 0
#endif
