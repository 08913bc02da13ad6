// SPDX-License-Identifier: MIT
// What is there under a key and for how long, as far as the traffic shows; stores and the ttl they
// come to; refreshes.
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

  /// After all other trackers: the key's own state is brought up to date. `is_load` of a store.
  void apply(key_state& key, const op& operation, bool is_load);
  /// A store of a live key that nobody had missed. `hit`: the last of the same flow.
  void refreshed(key_state& key, const op& operation, std::optional<op_summary> hit,
                 std::uint64_t lock_hold);
  /// Tells the stores whose EXPIRE can no longer come.
  void time_passed(moment now);
  void close(key_state& key);

 private:
  void stored(key_state& key, const op& operation, bool is_load);
  void expired(key_state& key, const op& operation);
  void settle(key_state& key);
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
