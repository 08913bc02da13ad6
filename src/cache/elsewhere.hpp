// SPDX-License-Identifier: MIT
// Destroys an object whose destructor must not run on a thread that runs a connection's callbacks,
// because it would wait for that thread.
#pragma once

#include <thread>

#include "store/callback_scope.hpp"

namespace drover::detail {

/// Deletes `held`; inside such a callback, on another thread. If no thread can be started, the
/// object is leaked. Threads: any.
template <class T>
void delete_outside_callbacks(T* held) noexcept {
  if (!store::callback_scope::is_inside()) {
    delete held;
    return;
  }
  try {
    std::thread{[held] { delete held; }}.detach();
  } catch (...) {
    // Leak it: deleting it on this thread would hang.
  }
}

}  // namespace drover::detail
