// SPDX-License-Identifier: MIT
// Locks that are set without NX: a client stores a small value under a name such as "lock", stores
// a value that it has loaded, and deletes the lock. A name alone makes no lock: an account that is
// locked out has such a name, too, and nobody releases it after a load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "audit/engine/key_table.hpp"

namespace drover::audit {

class plain_lock_tracker {
 public:
  explicit plain_lock_tracker(key_table& keys) : keys_(keys) {}

  /// A store of a key, before the key's state changes. `is_load`: it ends a load.
  void stored(const key_state& key, const op& operation, bool is_load);
  void removed(key_state& key, const op& operation);

 private:
  /// A process has set a lock and not deleted it.
  struct hold {
    key_ref lock;
    moment set{};
    bool has_loaded = false;  ///< the process has stored a loaded value since
  };
  static constexpr std::size_t holds_max = 16;
  static constexpr std::size_t processes_max = 16'384;

  key_table& keys_;
  std::unordered_map<std::uint32_t, std::vector<hold>> holds_;
};

}  // namespace drover::audit
