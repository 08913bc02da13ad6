// SPDX-License-Identifier: MIT
// Decides when to ask for the map of the hash slots, and which node. Pure: the caller asks the
// nodes, and reports what came of it.
//
// A refresh asks one node after another until one of them gives a map. It begins at least
// `apart_min` after the one before, however many redirects ask for it, and not at the same moment
// in all processes that have noticed the same event. If no node gives a map, the pauses grow.
// Before the first map, when no request can be sent, they begin shorter.
//
// The nodes of the last map are asked first, from a random one on, and then the seeds, because all
// addresses of the map may have changed. Nodes that are away come after all others.
//
// Threads: one at a time.
// Bounded: a refresh asks at most `asked_max` nodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/host_port.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "cluster/slot_map.hpp"

namespace drover::cluster {

enum class refresh_reason : std::uint8_t {
  start,      ///< there is no map yet
  moved,      ///< a node named another owner of a slot
  node_away,  ///< the owner of a slot does not answer, or is no primary any more
  uncovered,  ///< a slot has no owner
};

class map_refresh {
 public:
  struct pauses {
    milliseconds apart_min{1000};
    milliseconds failed_max{4000};  ///< the longest pause after a refresh without a map
    milliseconds start_min{100};    ///< the first pause after one before the first map
    milliseconds spread_max{100};   ///< a refresh begins up to this much after its reason
  };
  static constexpr std::size_t asked_max = 16;

  map_refresh(std::vector<base::host_port> seeds, pauses within, std::uint64_t seed);

  /// Something suggests that the map is missing or old. While a refresh runs, another one follows:
  /// the map that it brings may be older than this event.
  void want(refresh_reason why, steady_time now) noexcept;
  /// When `begin` returns a node; nullopt: no refresh is wanted, or an answer is awaited.
  [[nodiscard]] std::optional<steady_time> due() const noexcept;
  /// The node to ask now; nullopt if nothing is due. Report its answer by `answered` or `failed`.
  /// Throws std::bad_alloc; nothing has changed then.
  [[nodiscard]] std::optional<base::host_port> begin(steady_time now,
                                                     std::span<const base::host_port> away = {});
  /// The node gave this map. Throws std::bad_alloc; the refresh is over all the same.
  void answered(const slot_map& map);
  /// The node gave no map, or not in time: the next one is due at once.
  void failed(steady_time now) noexcept;

  /// True while an answer is awaited.
  [[nodiscard]] bool is_asking() const noexcept { return is_asking_; }

 private:
  [[nodiscard]] std::vector<base::host_port> nodes_to_ask(std::span<const base::host_port> away);
  [[nodiscard]] microseconds spread(microseconds most) noexcept;

  pauses within_;
  std::vector<base::host_port> seeds_;
  std::vector<base::host_port> known_;  // the nodes of the last map
  base::seeded_random random_;
  std::vector<base::host_port> to_ask_;  // in this refresh, the next one last
  std::optional<steady_time> due_;
  steady_time next_begin_{};  // no refresh begins before this
  bool is_asking_ = false;
  bool is_wanted_again_ = false;  // since the node was asked
  bool has_map_ = false;
  unsigned failures_ = 0;  // refreshes without a map in a row
};

}  // namespace drover::cluster
