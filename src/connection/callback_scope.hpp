// SPDX-License-Identifier: MIT
// Marks the thread that runs a connection's handlers and completions. While it runs them it reads
// for all callers, so it must not wait for a reply itself. Code of users can run there, too: the
// destructors of their values and exceptions, and their observers. Threads: any.
#pragma once

namespace drover::connection {

class callback_scope {
 public:
  callback_scope() noexcept { ++depth_; }
  ~callback_scope() { --depth_; }
  callback_scope(const callback_scope&) = delete;
  callback_scope& operator=(const callback_scope&) = delete;

  /// True on a thread inside such a scope, of whichever connection.
  [[nodiscard]] static bool is_inside() noexcept { return depth_ > 0; }

 private:
  static inline thread_local unsigned depth_ = 0;
};

}  // namespace drover::connection
