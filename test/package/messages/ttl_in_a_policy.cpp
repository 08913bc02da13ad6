// SPDX-License-Identifier: MIT
// says: drover::duration
// says: ttl_in_a_policy.cpp:7
#include <drover/policy.hpp>

int main() {
  drover::policy policy{.ttl = 60};
  return policy.ttl.count() == 60 ? 0 : 1;
}
