// SPDX-License-Identifier: MIT
#include "base/host_port.hpp"

#include <gtest/gtest.h>

namespace drover::base::host_port_test {
namespace {

TEST(host_port, PutsAnIpv6AddressInBrackets) {
  EXPECT_EQ(describe(host_port{"10.0.0.1", 6379}), "10.0.0.1:6379");
  EXPECT_EQ(describe(host_port{"cache.example", 1}), "cache.example:1");
  EXPECT_EQ(describe(host_port{"::1", 65535}), "[::1]:65535");
}

}  // namespace
}  // namespace drover::base::host_port_test
