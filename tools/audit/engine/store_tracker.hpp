// SPDX-License-Identifier: MIT
// Tracks the state of each key and its ttl as far as the traffic shows them, the ttl of each store,
// and refreshes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "audit/engine/fact_sink.hpp"
#include "audit/engine/key_table.hpp"

namespace drover::audit {

class store_tracker {
 public:
  store_tracker(key_table& keys, fact_sink& sink) : keys_(keys), sink_(sink) {}

  /// Updates the state of the key. Call it after all other trackers. `is_load`: the op is a store
  /// that ends a load.
  void apply(key_state& key, const op& operation, bool is_load);
  /// A store of a live key whose client had not missed it. `hit` is the last hit of the same
  /// client.
  void refreshed(key_state& key, const op& operation, std::optional<op_summary> hit,
                 std::uint64_t lock_hold, bool is_modification);
  /// Reports the stores for which no EXPIRE can follow any more.
  void time_passed(moment now);
  void close(key_state& key);

 private:
  void stored(key_state& key, const op& operation, bool is_load);
  void expired(key_state& key, const op& operation);
  void wait_for_expire(key_state& key);
  /// Reports the unsettled stores for which `is_meant(store)` is true.
  template <class IsMeant>
  void settle(key_state& key, IsMeant&& is_meant);
  static void set_ttl(key_state& key, const op& operation);

  struct due {
    key_ref key;
    std::uint64_t sequence = 0;
    moment at{};
  };
  static constexpr std::size_t due_max = 1'000'000;

  key_table& keys_;
  fact_sink& sink_;
  std::deque<due> due_;
};

}  // namespace drover::audit
