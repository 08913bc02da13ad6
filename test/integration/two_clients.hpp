// SPDX-License-Identifier: MIT
// Shared by the tests of the scripts: a server, two clients, and tokens by letter.
#pragma once

#include <gtest/gtest.h>

#include <chrono>

#include "entry/envelope.hpp"
#include "lease/commands.hpp"
#include "support/lease_client.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

using namespace std::chrono_literals;
using entry::envelope;
using entry::kind;
using fills = lease::fill_outcome;
using leases = lease::lease_outcome;

inline const entry::token a = token_of('a');
inline const entry::token b = token_of('b');
inline const entry::token c = token_of('c');

class two_clients : public testing::Test {
 protected:
  redis_server server;
  lease_client first{server};
  lease_client second{server};
};

}  // namespace drover::test
