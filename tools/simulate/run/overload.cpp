// SPDX-License-Identifier: MIT
// Requests come as they come, whatever becomes of those before, and the database can only do so
// much at once: the way a stampede keeps itself alive.
#include "simulate/run/scenarios.hpp"

namespace drover::simulate {

using namespace std::chrono_literals;

const scenario overload{
    .name = "overload",
    .title = "More than the database can do",
    .story =
        "1,000 requests a second come for one key, and the database runs 20 queries at once. As "
        "many requests wait as there are callers; what comes beyond is refused.",
    .look_for =
        "Whether it recovers: queries for nothing keep the one that matters waiting until "
        "the next expiry.",
    .usual = {.callers = 1'000, .loads = "450,700", .ttl = 2'000ms},
    .events = event_rule::cluster,
    // For the second query see traffic.cpp; of four thousand callers a machine is busy.
    .promise = "queries-per-event<=2,errors=0,wrong-values=0,refused=0",
    .counts_events = false,
    .prepare =
        [](run_plan& plan, std::uint32_t) {
          plan.comes = arrival::open;
          plan.rate = 1'000.0;
          plan.capacity = 20;
          plan.duration = 12'000ms;
        },
    .play =
        [](herd& on) {
          on.fill();
          on.release();
        }};

}  // namespace drover::simulate
