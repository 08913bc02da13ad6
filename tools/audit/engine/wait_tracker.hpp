// SPDX-License-Identifier: MIT
// Tracks waits: connections that poll a key.
#pragma once

#include <cstddef>
#include <vector>

#include "audit/engine/fact_sink.hpp"
#include "audit/engine/key_state.hpp"

namespace drover::audit {

/// The open waits of one key.
struct wait_book {
  std::vector<wait> open;
};

class wait_tracker {
 public:
  explicit wait_tracker(fact_sink& sink) : sink_(sink) {}

  /// The poll was unsuccessful: a miss, a lost lock, or a lock that still exists.
  void refused(key_state& key, const op& operation);
  /// The poll was successful. A store, or winning the lock, ends all waits of the connection on
  /// this key, whichever command it polled with.
  void satisfied(key_state& key, const op& operation);
  void close(key_state& key);

 private:
  void report(const key_state& key, wait& ended_wait);

  fact_sink& sink_;
};

}  // namespace drover::audit
