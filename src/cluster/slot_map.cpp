// SPDX-License-Identifier: MIT
#include "cluster/slot_map.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace drover::cluster {

const node* slot_map::owner_of(std::uint16_t slot) const noexcept {
  if (slot >= slot_count || owners_[slot] == no_owner) return nullptr;
  return &primaries_[owners_[slot]];
}

std::optional<std::size_t> slot_map::add_primary(node primary) {
  const auto known = std::ranges::find(primaries_, primary.at, &node::at);
  if (known != primaries_.end()) {
    if (known->id.empty()) known->id = std::move(primary.id);
    known->has_failed &= primary.has_failed;
    return static_cast<std::size_t>(known - primaries_.begin());
  }
  if (is_full()) return std::nullopt;
  primaries_.push_back(std::move(primary));
  return primaries_.size() - 1;
}

bool slot_map::add_replica(base::host_port at) {
  if (is_full() || std::ranges::find(replicas_, at) != replicas_.end()) return false;
  replicas_.push_back(std::move(at));
  return true;
}

void slot_map::assign(std::uint16_t first, std::uint16_t last, std::size_t primary) noexcept {
  DROVER_ASSERT(first <= last && last < slot_count && primary < primaries_.size());
  for (std::size_t slot = first; slot <= last; ++slot) {
    std::uint16_t& owner = owners_[slot];
    if (owner == no_owner) {
      ++covered_;
    } else if (!primaries_[owner].has_failed || primaries_[primary].has_failed) {
      continue;
    }
    owner = static_cast<std::uint16_t>(primary);
  }
}

void slot_map::move(std::uint16_t slot, const base::host_port& to) {
  DROVER_ASSERT(slot < slot_count);
  const auto primary = add_primary({.at = to});
  if (!primary) return;
  std::erase(replicas_, to);
  if (owners_[slot] == no_owner) ++covered_;
  owners_[slot] = static_cast<std::uint16_t>(*primary);
}

slot_set moved_slots(const slot_map& before, const slot_map& after) {
  slot_set moved;
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    const node* const former = before.owner_of(static_cast<std::uint16_t>(slot));
    const node* const current = after.owner_of(static_cast<std::uint16_t>(slot));
    if (former == nullptr || current == nullptr) {
      moved[slot] = former != current;
      continue;
    }
    const bool is_other_id =
        !former->id.empty() && !current->id.empty() && former->id != current->id;
    moved[slot] = former->at != current->at || is_other_id;
  }
  return moved;
}

}  // namespace drover::cluster
