// SPDX-License-Identifier: MIT
// Which loads this thread is inside of: a loader that asks its own cache for the key it is loading
// would wait for itself for ever.
//
// Threads: thread-local state; each thread sees its own chain.
#pragma once

#include <string_view>

namespace drover::detail {

class load_chain {
 public:
  /// On the stack of the thread that runs the loader, for as long as it runs.
  load_chain(const void* cache, std::string_view name, std::string_view key,
             bool has_turn) noexcept;
  ~load_chain();
  load_chain(const load_chain&) = delete;
  load_chain& operator=(const load_chain&) = delete;

  /// Throws `std::logic_error` naming the chain when this thread is loading `key` of `cache`.
  static void refuse_recursion(const void* cache, std::string_view key);
  [[nodiscard]] static bool is_inside_a_load() noexcept;
  /// True when a load further out holds a bypass turn: a nested one takes no second.
  [[nodiscard]] static bool has_turn() noexcept;

 private:
  const void* cache_;
  std::string_view name_;
  std::string_view key_;
  bool has_turn_;
  load_chain* outer_;
};

}  // namespace drover::detail
