// SPDX-License-Identifier: MIT
// While an object of this class lives, no thread can be started in the process, because the stack
// of a new thread would not fit into the address space.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace drover::test {

/// Threads: one at a time, and one object at a time.
class no_new_threads {
 public:
  no_new_threads() {
    ::pthread_getattr_default_np(&usual_);
    ::pthread_attr_t huge;
    ::pthread_attr_init(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 48U);
    ::pthread_setattr_default_np(&huge);
    ::pthread_attr_destroy(&huge);
  }
  ~no_new_threads() {
    ::pthread_setattr_default_np(&usual_);
    ::pthread_attr_destroy(&usual_);
  }
  no_new_threads(const no_new_threads&) = delete;
  no_new_threads& operator=(const no_new_threads&) = delete;

 private:
  ::pthread_attr_t usual_{};
};

}  // namespace drover::test
