// SPDX-License-Identifier: MIT
// The loads that this thread runs, nested in one another. A loader that asks its own cache for the
// key that it is loading would wait for itself for ever.
//
// Threads: thread-local state; each thread sees its own chain.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::detail {

class load_chain {
 public:
  /// Create it on the stack of the thread that runs the loader; it must live as long as the loader
  /// runs.
  load_chain(const void* cache, std::string_view name, std::string_view key) noexcept;
  ~load_chain();
  load_chain(const load_chain&) = delete;
  load_chain& operator=(const load_chain&) = delete;

  /// Throws `std::logic_error` naming the chain when this thread is loading `key` of `cache`.
  static void refuse_recursion(const void* cache, std::string_view key);
  [[nodiscard]] static bool is_inside_a_load() noexcept;
  /// The number of loads of this cache that this thread runs, nested in one another.
  [[nodiscard]] static std::size_t depth_in(const void* cache) noexcept;
  /// Calls `act` with the key of each of those loads.
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
