// SPDX-License-Identifier: MIT
// The interface through which trackers report completed facts.
#pragma once

#include "audit/engine/facts.hpp"
#include "audit/engine/key_state.hpp"

namespace drover::audit {

class fact_sink {
 public:
  virtual void take(const cold_event& event, const key_state& key) = 0;
  virtual void take(const lock_hold& hold, const key_state& lock) = 0;
  virtual void take(const load& loaded, const key_state& key) = 0;
  virtual void take(const refresh& refreshed, const key_state& key) = 0;
  virtual void take(const settled_store& settled, const key_state& key) = 0;
  virtual void take(const wait& ended_wait, const key_state& key) = 0;
  /// Loads that were taken before have turned out to be none: `count` loads of this cold event, of
  /// which `event.loading.loads` has the first ones, marked `by_nx`.
  virtual void retract_nx_loads(const cold_event& event, std::uint64_t count,
                                const key_state& key) = 0;

 protected:
  ~fact_sink() = default;
};

}  // namespace drover::audit
