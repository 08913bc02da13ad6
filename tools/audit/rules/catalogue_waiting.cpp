// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue_parts.hpp"

namespace drover::audit {
namespace {

constexpr rule_text waiting_texts[] = {
    {.id = "C501",
     .name = "busy-poll",
     .usual = severity::warning,
     .otherwise = "",
     .says = "Waiters ask Redis without a pause whether the value has come.",
     .why = "A few waiters that ask without a pause can keep a server busy that answers everybody "
            "else, at the moment when a key is cold. Redis runs commands one after the other.",
     .silent_for = "a dozen waiters that ask every 25 ms: that is normal.",
     .exercised_by = "callers that wait for another one's load",
     .advice = "A pause that grows, with jitter; or wait for a push (client tracking, pub/sub).",
     .fix = "In the loop that waits for another caller's value or lock, sleep between two tries: "
            "start at about 10 ms, grow by half each time up to 200 ms, and draw each pause at "
            "random between half and the whole of it. Or let the holder publish when it is done "
            "and wait for that, with a time limit.",
     .kit_rules = "7"},
    {.id = "C502",
     .name = "fixed-retry",
     .usual = severity::info,
     .otherwise = "",
     .says = "Waiters ask again after a fixed time.",
     .why =
         "Waiters that began together stay together: their questions come in bursts, and after a "
         "release all of them try for the lock in the same millisecond.",
     .silent_for = "random gaps; fewer than 30 questions; what is just as regular outside cold "
                   "times.",
     .exercised_by = "30 or more questions of waiters in cold times",
     .advice = "Jitter: draw each pause at random, the longer the wait the longer.",
     .fix =
         "Draw the pause between two tries at random, for example uniformly between the smallest "
         "pause and three times the last one, with an upper limit (decorrelated jitter).",
     .kit_rules = "7"},
    {.id = "C503",
     .name = "wait-unbounded",
     .usual = severity::info,
     .otherwise = "",
     .says = "A caller waited for more than twice the lease.",
     .why = "When holders fail one after the other, or the lock never ends, a waiter without a "
            "deadline holds its thread, its connection and its client for ever; soon all threads "
            "wait.",
     .silent_for = "waits that end by the value within two leases.",
     .exercised_by = "callers that wait for another one's load",
     .advice = "A deadline of at least the lease's time; then a stale value or an error.",
     .fix =
         "Give the wait a deadline (the request's own, and at least the lock's PX). When it is "
         "over, serve the last known value or fail with an error of its own; do not load without "
         "the lock. Add a test in which the holder never ends, and the caller comes back in "
         "time.",
     .kit_rules = "7"},
};

}  // namespace

std::span<const rule_text> waiting_rules() { return waiting_texts; }

}  // namespace drover::audit
