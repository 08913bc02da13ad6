// SPDX-License-Identifier: MIT
// Only the server's clock decides what is fresh, even before a process knows that clock.
#include "integration/gated_loads.hpp"
#include "support/lease_client.hpp"

namespace drover::test::clock_test {
namespace {

using server_clock = fleet;

TEST_F(server_clock, AnHourAheadServesNoFirstReaderAnExpiredValue) {
  for (int round = 0; round < 5; ++round) {
    entry::envelope head;
    head.until = lease_client{server}.now() - 1s;
    head.stored_at = head.until - 1min;
    head.produced_by = token_of('p');
    head.digest = entry::key_space{setup.name, 1}.digest("a");
    head.checksum = entry::checksum_of("old", head.digest);
    server.command({"SET", value_key("a"), entry::encode(head, "old")});
    expect_good(run_program(DROVER_PROCESS_DIR "/late_clock", {setup.url, setup.name, "a", "old"}));
  }
}

}  // namespace
}  // namespace drover::test::clock_test
