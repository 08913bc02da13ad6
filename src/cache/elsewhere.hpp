// SPDX-License-Identifier: MIT
// Destroys what must not be destroyed on a thread that runs a connection's callbacks: it would wait
// for itself.
#pragma once

#include <thread>

#include "store/callback_scope.hpp"

namespace drover::detail {

/// Deletes `held`, in such a callback on another thread. If there is no thread to be had then, the
/// memory is kept for good. Threads: any.
template <class T>
void delete_outside_callbacks(T* held) noexcept {
  if (!store::callback_scope::is_inside()) {
    delete held;
    return;
  }
  try {
    std::thread{[held] { delete held; }}.detach();
  } catch (...) {
    // Deleting it here would hang.
  }
}

}  // namespace drover::detail
