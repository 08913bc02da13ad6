// SPDX-License-Identifier: MIT
// Marks the thread that runs a connection's handlers and completions. That thread reads for all
// callers, so it must not wait for a reply itself. User code can run there, too: the destructors of
// values and exceptions, and observers. Threads: any.
#pragma once

namespace drover::connection {

class callback_scope {
 public:
  callback_scope() noexcept { ++depth_; }
  ~callback_scope() { --depth_; }
  callback_scope(const callback_scope&) = delete;
  callback_scope& operator=(const callback_scope&) = delete;

  /// True on a thread that is inside such a scope, of any connection.
  [[nodiscard]] static bool is_inside() noexcept { return depth_ > 0; }

 private:
  static inline thread_local unsigned depth_ = 0;
};

}  // namespace drover::connection
