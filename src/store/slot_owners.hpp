// SPDX-License-Identifier: MIT
// The store of each hash slot of a cluster. A read is one atomic load.
//
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "cluster/key_slot.hpp"
#include "cluster/slot_map.hpp"

namespace drover::store {

class redis_store;

class slot_owners {
 public:
  explicit slot_owners(redis_store& of_all) noexcept {
    for (auto& owner : owners_) owner.store(&of_all, std::memory_order_relaxed);
  }

  [[nodiscard]] redis_store& of(std::uint16_t slot) const noexcept {
    return *owners_[slot].load(std::memory_order_acquire);
  }
  [[nodiscard]] redis_store& of_key(std::string_view key) const noexcept {
    return of(cluster::slot_of(key));
  }
  /// True when the slot had another owner.
  bool set(std::uint16_t slot, redis_store& owner) noexcept {
    return owners_[slot].exchange(&owner, std::memory_order_acq_rel) != &owner;
  }
  [[nodiscard]] bool has_any(const redis_store& owner) const noexcept {
    for (const auto& other : owners_) {
      if (other.load(std::memory_order_relaxed) == &owner) return true;
    }
    return false;
  }

 private:
  std::array<std::atomic<redis_store*>, cluster::slot_count> owners_{};
};

}  // namespace drover::store
