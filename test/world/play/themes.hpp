// SPDX-License-Identifier: MIT
// The themes of plans, and what they are made of. A theme leaves open all that does not matter to
// it.
//
// Pure. Threads: values.
#pragma once

#include <initializer_list>
#include <vector>

#include "world/play/drawer.hpp"
#include "world/play/plan.hpp"

namespace drover::world::themes {

using call_kind = planned_call::kind;
using fault_kind = planned_fault::kind;

/// A plan in which nothing is wrong, with the processes and the preemption that were drawn.
void make_plain(drawer& draw, plan& of);

/// Processes with a number of threads each.
void make_processes(plan& of, std::size_t processes, std::size_t threads);

/// A rest of a drawn length.
[[nodiscard]] planned_call rest(drawer& draw, microseconds low, microseconds high);

/// A call for a drawn row, without limits.
[[nodiscard]] planned_call call(drawer& draw, const plan& of, call_kind is);

/// Calls of drawn kinds, each with a rest behind it: to one thread, or to all.
void add_rounds(drawer& draw, const plan& of, std::vector<planned_call>& to, unsigned count,
                std::initializer_list<call_kind> kinds, microseconds rest_max);
void add_rounds(drawer& draw, plan& of, unsigned count, std::initializer_list<call_kind> kinds,
                microseconds rest_max);

/// Limits at both ends of time.
void endless_limits(drawer& draw, plan& of);

/// Values that must not be stored, read by several processes.
void unstored(drawer& draw, plan& of);

/// Many calls with limits at once, or such calls within loads.
void many_limited(drawer& draw, plan& of);

/// Invalidations by other processes, while loads run for callers that wait.
void overtaken_loads(drawer& draw, plan& of);

/// Processes that read what is stored on a replica, some of them connected before it was one.
void replica(drawer& draw, plan& of);

/// Calls with deadlines of any length, and a server that never answers.
void frozen_server(drawer& draw, plan& of);

/// Replies that are longer than allowed, failures with long pauses, and damage without end.
void other_programs(drawer& draw, plan& of);

/// A process that must not ask for the time meets entries that have ended.
void no_time(drawer& draw, plan& of);

/// Failures and successes in a row, without Redis.
void failing_alone(drawer& draw, plan& of);

/// More invalidations than the client keeps.
void full_journal(drawer& draw, plan& of);

/// A server that refuses its clients: each greeting, or each lease.
void refusing_server(drawer& draw, plan& of);

/// One reply is lost, comes twice, or is another one.
void one_lie(drawer& draw, plan& of);

/// The server comes back with an earlier snapshot, and perhaps without the process that has
/// invalidated since.
void snapshot(drawer& draw, plan& of);

/// Invalidations that the server refuses for a time, beside reads.
void refused_invalidations(drawer& draw, plan& of);

/// The server closes connections that are not used.
void idle_connections(drawer& draw, plan& of);

}  // namespace drover::world::themes
