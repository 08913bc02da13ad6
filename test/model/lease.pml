// SPDX-License-Identifier: MIT
/*
 * Model A: one key, several processes with one client each, one store.
 *
 * What is checked, by exhaustive search:
 *   - every caller is answered with a version at least as new as the newest invalidation that had
 *     completed when its get began; unless the answer is served as stale, also at least as new as
 *     the newest completed expire (assertions in `answered`). An invalidation is complete for
 *     everybody when it is acknowledged. For the process that asked for it, it is complete when the
 *     call returns, whatever became of it (REFUSALS). After a restart from a snapshot, nothing is
 *     said about what is served as stale (RESTART);
 *   - no caller waits for ever (an invalid end state). There are no timers here but the end of a
 *     lease whose holder is gone, and that one fires only when nothing else can happen;
 *   - with COUNT_LOADS: a load begins only for a reason (assertion in `begin_load`).
 *
 * A step is one command executed by the store together with the reading of its reply, or one
 * action on a process's own flights. Replies and pushes of one connection keep their order, so that
 * merging the two loses nothing; what a dropped connection loses (R7) is the subject of
 * tracking.pml. A process has one connection for the key (R9). Failover, and so the journal's
 * replay (R10), is left out.
 *
 * Parts:      lease_flights.pml (the store's writes, a process's flights), lease_caller.pml (a
 *             get), lease_world.pml (invalidations and faults)
 * Sizes:      THREADS, FIRST (threads of process 0; all other processes have one), CALLS,
 *             INVALIDATIONS
 * Switches:   OWN_INVALIDATE FAILURES EXPIRE REFRESH PROMOTE COUNT_LOADS TWO_KEY_LEASE UNCACHEABLE
 * Faults:     EVENTS=n (eviction, end of a lease, loss of the refresh mark) CRASHES=n TAKEOVERS=n
 *             LOST_REPLIES=n LOST_PROMOTE (the reply of one promotion) REFUSALS (invalidations of
 *             process 0 are answered by an error, or lost) RESTART (one, from a snapshot) ROUNDED
 *             (the time of the server's start is rounded up)
 * Mutations:  each breaks one rule and must be found; see README.md.
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef FIRST
#define FIRST 2
#endif
#ifndef CALLS
#define CALLS 1
#endif
#ifndef INVALIDATIONS
#define INVALIDATIONS 2
#endif
#define PROCESSES (THREADS - FIRST + 1)

#if defined(TWO_KEY_LEASE) && (defined(REFRESH) || defined(FAILURES) || defined(EVENTS) \
    || defined(TAKEOVERS) || defined(LOST_REPLIES) || defined(CRASHES) || defined(EXPIRE) \
    || defined(REFUSALS) || defined(RESTART) || defined(UNCACHEABLE))
#error "TWO_KEY_LEASE is modelled for the plain protocol only"
#endif
#if defined(PROMOTE) && !defined(REFRESH)
#error "PROMOTE needs REFRESH"
#endif
#if defined(LOST_PROMOTE) && !defined(PROMOTE)
#error "LOST_PROMOTE needs PROMOTE"
#endif
#if defined(REFUSALS) && !defined(OWN_INVALIDATE)
#error "REFUSALS needs OWN_INVALIDATE"
#endif
#if defined(COUNT_LOADS) && (defined(REFUSALS) || defined(RESTART) || defined(UNCACHEABLE))
#error "COUNT_LOADS knows no reasons for the loads of these"
#endif
#if defined(CRASHES) || defined(LOST_REPLIES)
#define SILENT_HOLDERS
#endif
#if defined(REFRESH) || defined(EXPIRE)
#define GRACE /* a value that is not fresh may be served as stale */
#endif

#define BIT(n) (1 << (n))
#define NOBODY 7 /* a client that is not one of the processes */
#define PROCESS_OF(t) ((t) < FIRST -> 0 : (t) - FIRST + 1)
#define THREADS_OF(q) ((q) == 0 -> BIT(FIRST) - 1 : BIT(FIRST + (q) - 1))

mtype = { MISSING, PENDING, VALUE, FAILED, MARKER }; /* kinds of entry; MARKER: do not store */
mtype = { AGAIN, GOOD, STALE, FAILURE, ALONE, LEAD, WAIT }; /* what a step brings a caller */

/* the origin */
byte origin = 0; /* its version */
byte floor = 0; /* newest version whose invalidation has completed */
byte fresh_floor = 0; /* newest version whose invalidation or expire has completed */

/* the store */
mtype kind = MISSING;
byte entry_token = 0;
byte entry_version = 0; /* VALUE, FAILED: origin's version when the load read it */
bool stale = false; /* VALUE: expired by hand, within its grace */
bool lapsed = false; /* PENDING: the lease has ended; the token still stands */
byte tracked = 0; /* bit q: process q gets a message about the next write */
#ifdef REFRESH
byte mark = 0; /* refresh mark: token or 0. Advisory */
#endif
#ifdef TWO_KEY_LEASE
byte lease_token = 0; /* the rejected design: the lease under a key of its own */
#endif
byte server_run = 0; /* of the running server; a client learns it before it sends anything else */
bool from_snapshot = false; /* the entry counts as stored before the server's start */
#ifdef ROUNDED
bool just_started = false; /* what is stored now counts as stored before the server's start */
#define AS_IF_OLD just_started
#else
#define AS_IF_OLD false
#endif
byte last_token = 0; /* tokens are never used twice */

/* the processes: a flight is named by the thread that leads it */
byte open_flight[3]; /* per process: leader + 1 of the flight newcomers may join, or 0 */
byte on_flight[4]; /* per thread: leader + 1 of the flight it has joined, or 0 */
byte waiting = 0; /* bit t: the flight led by t waits for a push */
byte early = 0; /* bit t: t had joined before the LEASE was written, or the origin read begun */
byte loading = 0; /* bit t: the origin read of the flight led by t has begun */
mtype answer_how[4];
byte answer_version[4];
#ifdef REFUSALS
byte pending = 0; /* number of process 0's newest invalidation that is pending, or 0 */
bool owed = false; /* process 0 has an invalidation to send again */
byte own_floor = 0; /* newest version whose invalidation by process 0 returned unacknowledged */
#endif

/* what is left of the faults */
#ifdef EVENTS
byte events = EVENTS;
#endif
#ifdef CRASHES
byte crashes = CRASHES;
#endif
#ifdef TAKEOVERS
byte takeovers = TAKEOVERS;
#endif
#ifdef LOST_REPLIES
byte lost_replies = LOST_REPLIES;
byte late_token = 0; /* a LEASE that is still under way on an abandoned connection */
byte late_refused = 0;
#endif
#ifdef LOST_PROMOTE
bool may_lose_promote = true;
byte late_promote = 0; /* a PROMOTE that is still under way on an abandoned connection */
byte late_base = 0;
#endif
#ifdef COUNT_LOADS
byte reasons = 1; /* loads that are justified and not yet begun */
#define REASON reasons++
#else
#define REASON skip
#endif

#include "lease_flights.pml"
#include "lease_caller.pml"
#include "lease_world.pml"

init {
  atomic {
    run caller(0);
#if THREADS > 1
    run caller(1);
#endif
#if THREADS > 2
    run caller(2);
#endif
#if THREADS > 3
    run caller(3);
#endif
    run invalidator();
#ifdef REFUSALS
    run journal();
#endif
#ifdef RESTART
    run server();
#endif
#ifdef UNCACHEABLE
    run marker_end();
#endif
#ifdef EVENTS
    run environment();
#endif
#if defined(LOST_REPLIES) || defined(LOST_PROMOTE)
    run network();
#endif
#ifdef SILENT_HOLDERS
    run lease_end();
#endif
  }
}
