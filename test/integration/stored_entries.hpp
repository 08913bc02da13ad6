// SPDX-License-Identifier: MIT
// Two clients of a server, and entries that they store. No test waits: a lease, a pause or a value
// of 0 ms has ended when it is written.
#pragma once

#include <chrono>
#include <cstdint>

#include "integration/two_clients.hpp"

namespace drover::test {

class scripts : public two_clients {
 protected:
  /// Stores a VALUE with token `a`.
  void store_value(milliseconds fresh = 1min, milliseconds grace = 2min) {
    ASSERT_EQ(first.lease(a)->outcome, leases::lead);
    auto request = first.fill_of(a, "payload");
    request.times = {.fresh = fresh, .grace = grace, .key_ttl = 1h};
    ASSERT_EQ(first.fill(request)->outcome, fills::stored);
  }
  void store_failure(milliseconds pause, std::uint32_t attempts = 1) {
    ASSERT_EQ(first.lease(a)->outcome, leases::lead);
    auto request = first.failure_of(a);
    request.pause = pause;
    request.attempts = attempts;
    ASSERT_TRUE(first.fail(request)->applied);
  }
};

}  // namespace drover::test
