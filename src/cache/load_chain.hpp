// SPDX-License-Identifier: MIT
// Which loads this thread is inside of: a loader that asks its own cache for the key it is loading
// would wait for itself for ever.
//
// Threads: thread-local state; each thread sees its own chain.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::detail {

class load_chain {
 public:
  /// On the stack of the thread that runs the loader, for as long as it runs.
  load_chain(const void* cache, std::string_view name, std::string_view key) noexcept;
  ~load_chain();
  load_chain(const load_chain&) = delete;
  load_chain& operator=(const load_chain&) = delete;

  /// Throws `std::logic_error` naming the chain when this thread is loading `key` of `cache`.
  static void refuse_recursion(const void* cache, std::string_view key);
  [[nodiscard]] static bool is_inside_a_load() noexcept;
  /// How many loads of this cache this thread is inside of.
  [[nodiscard]] static std::size_t depth_in(const void* cache) noexcept;
  /// Calls `act` with the key of each of them.
  template <class Act>
  static void for_keys_in(const void* cache, const Act& act) {
    for (const load_chain* at = innermost_load(); at != nullptr; at = at->outer_) {
      if (at->cache_ == cache) act(at->key_);
    }
  }

 private:
  [[nodiscard]] static const load_chain* innermost_load() noexcept;

  const void* cache_;
  std::string_view name_;
  std::string_view key_;
  load_chain* outer_;
};

}  // namespace drover::detail
