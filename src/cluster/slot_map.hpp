// SPDX-License-Identifier: MIT
// Which primary owns each hash slot of a cluster. A value: copy it, change it, compare it. Pure.
//
// Bounded: at most `nodes_max` nodes; about 33 KiB and the nodes.
// Threads: read-only access from any; changes by one thread at a time.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/host_port.hpp"
#include "cluster/key_slot.hpp"

namespace drover::cluster {

struct node {
  base::host_port at;
  std::string id{};  ///< empty when it is known from a redirect only
  /// The node that was asked calls it failed. Nothing better is known for its slots.
  bool has_failed = false;

  friend bool operator==(const node&, const node&) = default;
};

using slot_set = std::bitset<slot_count>;

class slot_map {
 public:
  /// Redis recommends at most 1,000 nodes.
  static constexpr std::size_t nodes_max = 4096;

  slot_map() noexcept { owners_.fill(no_owner); }

  /// The primary that owns the slot; nullptr: no node is known to. Valid until the map changes.
  [[nodiscard]] const node* owner_of(std::uint16_t slot) const noexcept;
  /// All primaries, also those without slots.
  [[nodiscard]] const std::vector<node>& primaries() const noexcept { return primaries_; }
  /// Replicas that answer. They know the map too.
  [[nodiscard]] const std::vector<base::host_port>& replicas() const noexcept { return replicas_; }
  [[nodiscard]] std::size_t covered() const noexcept { return covered_; }
  /// True when each slot has an owner.
  [[nodiscard]] bool is_complete() const noexcept { return covered_ == slot_count; }

  /// The number of the primary in `primaries()`, which is added if it is new. Nullopt: there are
  /// `nodes_max` nodes.
  std::optional<std::size_t> add_primary(node primary);
  /// False: there are `nodes_max` nodes, or it is known.
  bool add_replica(base::host_port at);
  /// Gives slots to a primary by its number. Those that have an owner keep it, unless that owner
  /// has failed and this primary has not.
  void assign(std::uint16_t first, std::uint16_t last, std::size_t primary) noexcept;
  /// Notes the news of a MOVED: the slot belongs to the node at this address now.
  void move(std::uint16_t slot, const base::host_port& to);

 private:
  static constexpr std::uint16_t no_owner = 0xFFFF;
  [[nodiscard]] bool is_full() const noexcept {
    return primaries_.size() + replicas_.size() >= nodes_max;
  }

  std::vector<node> primaries_;
  std::vector<base::host_port> replicas_;
  std::array<std::uint16_t, slot_count> owners_{};  // numbers of primaries
  std::size_t covered_ = 0;
};

/// The slots that have another owner in `after`: another address, or another id at the same
/// address. Also those that have an owner in one of the maps only.
[[nodiscard]] slot_set moved_slots(const slot_map& before, const slot_map& after);

}  // namespace drover::cluster
