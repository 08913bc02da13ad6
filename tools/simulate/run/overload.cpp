// SPDX-License-Identifier: MIT
// Requests arrive at a fixed rate, even if earlier requests are not served yet, and the database
// runs a limited number of queries at once. A stampede then keeps itself alive.
#include "simulate/run/scenarios.hpp"

namespace drover::simulate {

using namespace std::chrono_literals;

const scenario overload{
    .name = "overload",
    .title = "More than the database can do",
    .story =
        "1,000 requests a second ask for one key, and the database runs 20 queries at once. A "
        "request that finds no free caller is refused.",
    .look_for =
        "Late calls: those not served within the ttl, and those refused or cut off. Needless "
        "queries keep the one that matters waiting until the next expiry.",
    .usual = {.callers = 1'000, .loads = "450,700", .ttl = 2'000ms},
    .events = event_rule::cluster,
    // Two queries and not one: see `nearly_one` in traffic.cpp. Four thousand callers keep a
    // machine busy.
    .promise = "queries-per-event<=2,errors=0,wrong-values=0,refused=0,lost=0",
    .headline = {.kind = figure::late_calls, .good_max = 0},
    .counts_events = false,
    .prepare =
        [](run_plan& plan, std::uint32_t) {
          plan.arrivals = arrival::open;
          plan.rate = 1'000.0;
          plan.capacity = 20;
          plan.duration = 12'000ms;
        },
    .play =
        [](herd& run) {
          run.fill();
          run.release();
        }};

}  // namespace drover::simulate
