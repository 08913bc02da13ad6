// SPDX-License-Identifier: MIT
// Waits: connections that ask for a key again and again while the answer is no.
#pragma once

#include <cstddef>
#include <vector>

#include "audit/engine/fact_sink.hpp"
#include "audit/engine/key_state.hpp"

namespace drover::audit {

/// The waits of one key that are not over.
struct wait_book {
  std::vector<wait> open;
};

class wait_tracker {
 public:
  explicit wait_tracker(fact_sink& sink) : sink_(sink) {}

  /// The answer was no: missed, lost, or, of a lock, still there.
  void refused(key_state& key, const op& operation);
  /// The answer was yes. Who stores, or takes the lock, no longer asks in whatever way.
  void satisfied(key_state& key, const op& operation);
  void close(key_state& key);

 private:
  void report(const key_state& key, wait& ended_wait);

  fact_sink& sink_;
};

}  // namespace drover::audit
