// SPDX-License-Identifier: MIT
/*
 * Model A: one key, several processes with one client each, one store.
 *
 * What is checked, by exhaustive search:
 *   - every caller is answered with a version at least as new as the newest invalidation that had
 *     completed when its get began; unless the answer is served as stale, also at least as new as
 *     the newest completed expire (assertions in `answered`);
 *   - no caller waits for ever (an invalid end state). There are no timers here but the end of a
 *     lease whose holder is gone, and that one fires only when nothing else can happen;
 *   - with COUNT_LOADS: a load begins only for a reason (assertion in `begin_load`).
 *
 * A step is one command executed by the store together with the reading of its reply, or one
 * action on a process's own flights. Replies and pushes of one connection keep their order, so that
 * merging the two loses nothing; what a dropped connection loses (R7) is the subject of
 * tracking.pml. A process has one connection for the key (R9). Failover, and so the journal (R10),
 * is left out.
 *
 * Sizes:      THREADS, FIRST (threads of process 0; all other processes have one), CALLS,
 *             INVALIDATIONS
 * Switches:   OWN_INVALIDATE FAILURES EXPIRE REFRESH PROMOTE COUNT_LOADS TWO_KEY_LEASE
 * Faults:     EVENTS=n (eviction, end of a lease, loss of the refresh mark) CRASHES=n TAKEOVERS=n
 *             LOST_REPLIES=n
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
    || defined(TAKEOVERS) || defined(LOST_REPLIES) || defined(CRASHES) || defined(EXPIRE))
#error "TWO_KEY_LEASE is modelled for the plain protocol only"
#endif
#if defined(PROMOTE) && !defined(REFRESH)
#error "PROMOTE needs REFRESH"
#endif
#if defined(CRASHES) || defined(LOST_REPLIES)
#define SILENT_HOLDERS
#endif

#define BIT(n) (1 << (n))
#define NOBODY 7 /* a client that is not one of the processes */
#define PROCESS_OF(t) ((t) < FIRST -> 0 : (t) - FIRST + 1)
#define THREADS_OF(q) ((q) == 0 -> BIT(FIRST) - 1 : BIT(FIRST + (q) - 1))

mtype = { MISSING, PENDING, VALUE, FAILED }; /* kinds of entry */
mtype = { AGAIN, GOOD, STALE, FAILURE, LEAD, WAIT }; /* what a step brings a caller */

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
byte tracked = 0; /* bit q: process q is told of the next write */
#ifdef REFRESH
byte mark = 0; /* refresh mark: token or 0. Advisory */
#endif
#ifdef TWO_KEY_LEASE
byte lease_token = 0; /* the rejected design: the lease under a key of its own */
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
#endif
#ifdef COUNT_LOADS
byte reasons = 1; /* loads that are justified and not yet begun */
#define REASON reasons++
#else
#define REASON skip
#endif

#ifdef TWO_KEY_LEASE
#define LEASED (lease_token != 0)
#define HELD_WITH(t) (lease_token == (t))
#else
#define LEASED (kind == PENDING)
#define HELD_WITH(t) (kind == PENDING && entry_token == (t))
#endif

/* ---- pushes ---------------------------------------------------------------------------------- */

#define TOLD(q, by) (((tracked >> (q)) & 1) && (q) != (by) -> THREADS_OF(q) : 0)

/* A write of the entry by process `by`. Tracking is one-shot, and NOLOOP: `by` is told nothing, yet
 * its own registration is dropped as well. */
inline push(by) {
  waiting = waiting & ~(TOLD(0, by) | TOLD(1, by) | TOLD(2, by));
  tracked = 0
}

/* R6: every script that writes reads the key again at its end. */
inline rearm(by) {
#ifdef NO_REARM
  skip
#else
  tracked = tracked | BIT(by)
#endif
}

/* NOLOOP: nobody else tells a process of its own writes, so it steps its flights itself. */
inline step_own_flights(by) {
#ifdef NO_LOCAL_WAKE
  skip
#else
  waiting = waiting & ~THREADS_OF(by)
#endif
}

/* ---- writes of the entry --------------------------------------------------------------------- */

inline remove_entry(by) {
  kind = MISSING; entry_token = 0; entry_version = 0; stale = false; lapsed = false;
  REASON;
  push(by)
}

/* R4: a token is granted once. */
inline grant(to, by) {
  to = last_token + 1; last_token = to;
  put_lease(to, by);
  rearm(by)
}

inline put_lease(with, by) {
#ifdef TWO_KEY_LEASE
  lease_token = with;
#else
  kind = PENDING; entry_token = with; entry_version = 0; stale = false; lapsed = false;
#endif
  push(by)
}

inline put_value(with, what, by) {
  kind = VALUE; entry_token = with; entry_version = what; stale = false; lapsed = false;
#ifdef TWO_KEY_LEASE
  lease_token = 0;
#endif
  push(by); rearm(by); step_own_flights(by)
}

/* ---- flights --------------------------------------------------------------------------------- */

#define IF_JOINED(t, leader) (on_flight[t] == (leader) + 1 -> BIT(t) : 0)
#define JOINED(leader) (IF_JOINED(0, leader) | IF_JOINED(1, leader) | IF_JOINED(2, leader) \
                        | IF_JOINED(3, leader))

inline close_to_newcomers(leader) {
  if
  :: open_flight[PROCESS_OF(leader)] == leader + 1 -> open_flight[PROCESS_OF(leader)] = 0
  :: else -> skip
  fi
}

inline answer_one(t, leader, certified, result, what) {
  if
  :: on_flight[t] == leader + 1 ->
     on_flight[t] = 0;
     if
#ifdef JOINERS_TAKE_ANY
     :: result != AGAIN ->
#else
     :: result != AGAIN && (certified || (early & BIT(t))) ->
#endif
        answer_how[t] = result; answer_version[t] = what
     :: else -> answer_how[t] = AGAIN
     fi;
     early = early & ~BIT(t)
  :: else -> skip
  fi
}

/* The end of a flight. R3: a `certified` result (the store took it under the token, so that it was
 * current at that instant) answers everybody who joined; any other only those who joined early. */
inline end_flight(leader, certified, result, what) {
  d_step {
    answer_one(0, leader, certified, result, what);
    answer_one(1, leader, certified, result, what);
    answer_one(2, leader, certified, result, what);
    answer_one(3, leader, certified, result, what);
    loading = loading & ~BIT(leader);
    close_to_newcomers(leader)
  }
}

inline let_go(t, leader) {
  if
  :: on_flight[t] == leader && !(early & BIT(t)) && (loading & BIT(leader - 1)) ->
     on_flight[t] = 0; answer_how[t] = AGAIN
  :: else -> skip
  fi
}

/* R8: a process that invalidates closes its flight to newcomers, and lets go who joined after the
 * origin read began. */
inline close_for_write(q) {
  d_step {
    if
    :: open_flight[q] != 0 ->
       let_go(0, open_flight[q]); let_go(1, open_flight[q]);
       let_go(2, open_flight[q]); let_go(3, open_flight[q]);
       open_flight[q] = 0
    :: else -> skip
    fi
  }
}

/* ---- callers --------------------------------------------------------------------------------- */

inline answered(how_, what) {
  assert(what >= floor_then);
  assert(how_ == STALE || what >= fresh_then)
}

inline begin_load() {
#ifdef COUNT_LOADS
  assert(reasons > 0);
  reasons--;
#endif
  version = origin;
  early = early | JOINED(me); /* who joined by now asked before the origin was read */
  loading = loading | BIT(me)
}

/* Only processes of one thread die, so that the death of the thread is the death of the process. */
inline may_crash() {
#ifdef CRASHES
  if
  :: true
  :: atomic {
       me >= FIRST && crashes > 0 ->
       crashes--;
       tracked = tracked & ~BIT(process); open_flight[process] = 0; loading = loading & ~BIT(me);
       goto gone
     }
  fi
#else
  skip
#endif
}

proctype caller(byte me) {
  byte process, calls, floor_then, fresh_then;
  byte token, base, previous, version;
  mtype how;
  bool certified;

  process = PROCESS_OF(me);
start:
  atomic { floor_then = floor; fresh_then = fresh_floor; how = AGAIN };

again:
#ifdef COALESCED_GET
  skip; /* R1 off: whatever a flight brings is good enough */
#else
  /* R1: every get sends its own GET. */
  atomic {
    if
    :: kind == VALUE ->
       how = (stale -> STALE : GOOD); version = entry_version; base = entry_token;
       answered(how, version)
    :: kind == FAILED -> /* within the pause: the failure is the answer */
       how = FAILURE; version = entry_version;
       answered(how, version)
    :: kind == FAILED -> how = AGAIN /* the pause is over */
    :: kind == MISSING || kind == PENDING -> how = AGAIN
    fi;
    if
    :: how == GOOD || how == STALE -> goto hit
    :: how == FAILURE -> goto done
    :: else -> skip
    fi
  };
#endif

  /* Nothing usable: lead the process's flight or join it. */
  atomic {
    if
    :: open_flight[process] == 0 -> open_flight[process] = me + 1; goto ask
    :: else -> on_flight[me] = open_flight[process]
    fi
  };

  atomic {
    on_flight[me] == 0 ->
    how = answer_how[me]; version = answer_version[me];
    answer_how[me] = 0; answer_version[me] = 0;
    if
    :: how == AGAIN -> version = 0; goto again
    :: else -> answered(how, version); goto done
    fi
  };

ask:
  may_crash();
  /* LEASE is written: its HIT answers those who have joined by now. It arms tracking by reading. */
  atomic {
    early = early | JOINED(me);
    tracked = tracked | BIT(process);
    if
    :: kind == VALUE ->
       how = (stale -> STALE : GOOD); version = entry_version;
       answered(how, version)
    :: kind == FAILED ->
       how = FAILURE; version = entry_version;
       answered(how, version)
    :: kind == FAILED -> how = LEAD; REASON; grant(token, process)
    :: (kind == MISSING || kind == PENDING) && !LEASED -> how = LEAD; grant(token, process)
    :: LEASED && lapsed -> how = LEAD; REASON; grant(token, process)
    :: LEASED && !lapsed && previous != 0 && HELD_WITH(previous) -> how = LEAD;
#ifdef TAKEOVERS
       REASON;
#endif
#ifdef SAME_TOKEN_RETRY
       token = previous; put_lease(token, process); rearm(process)
#else
       grant(token, process)
#endif
    :: LEASED && !lapsed && !HELD_WITH(previous) ->
       how = WAIT; waiting = waiting | BIT(me);
#ifdef UNTRACKED_WAIT
       tracked = tracked & ~BIT(process);
#endif
#ifdef TAKEOVERS
       base = entry_token
#endif
#ifdef LOST_REPLIES
    :: lost_replies > 0 && late_token == 0 -> /* written, but not yet executed: tried again */
       lost_replies--;
       last_token++; late_token = last_token; previous = late_token;
#ifdef SAME_TOKEN_RETRY
       if
       :: kind == MISSING ->
          token = late_token; put_lease(token, process); rearm(process); how = LEAD
       :: else -> goto ask
       fi
#else
       goto ask
#endif
#endif
    fi;
    previous = 0
  };
  if
  :: how == LEAD -> skip
  :: how == WAIT ->
     if
#ifndef BUSY_WAIT
     :: atomic { !(waiting & BIT(me)) -> base = 0; goto ask }
#else
     :: atomic { waiting = waiting & ~BIT(me); base = 0; goto ask }
#endif
#ifdef TAKEOVERS
     :: atomic { /* the holder seems gone: LEASE with its token as the previous one */
          takeovers > 0 && (waiting & BIT(me)) ->
          takeovers--; waiting = waiting & ~BIT(me);
          previous = base; base = 0;
          goto ask
        }
#endif
#ifdef WAITER_LOADS
     :: atomic { waiting & BIT(me) -> waiting = waiting & ~BIT(me); begin_load() }
        atomic { answered(GOOD, version); end_flight(me, false, GOOD, version); goto done }
#endif
     fi
  :: else ->
     may_crash();
#ifdef COALESCED_GET
     atomic { end_flight(me, true, how, version); goto done }
#else
     atomic { end_flight(me, false, how, version); goto done }
#endif
  fi;

#ifdef LOST_REPLIES
  if
  :: true
  :: atomic { /* executed, but its reply is lost: asks again under a new token (R4) */
       lost_replies > 0 -> lost_replies--; previous = token; token = 0;
       goto ask
     }
  fi;
#endif

  may_crash();
  atomic { begin_load() };

end_of_load:
  may_crash();
#ifndef JOIN_DURING_FILL
  atomic { close_to_newcomers(me) }; /* R2: closed before the fill is written */
#endif
fill:
  if
  :: atomic { /* fill: compare the token and set */
       true;
#ifdef UNFENCED_FILL
       certified = true; put_value(token, version, process)
#else
       if
#ifdef FILL_CREATES
       :: kind == MISSING -> certified = true; put_value(token, version, process)
#endif
       :: HELD_WITH(token) -> certified = true; put_value(token, version, process)
       :: kind == VALUE && entry_token == token -> certified = true /* DUP: an earlier copy */
       :: else -> certified = false
       fi
#endif
       ;
       how = GOOD; answered(GOOD, version) /* the leader's own caller */
     }
#ifdef LOST_REPLIES
     if
     :: true
     :: atomic { lost_replies > 0 -> lost_replies--; certified = false } /* R3: unknown outcome */
     :: atomic { lost_replies > 0 -> lost_replies--; certified = false; goto fill }
     fi
#endif
  :: atomic { /* do not store: RELEASE. R5: it writes, so that waiters are told */
       true;
       if
       :: HELD_WITH(token) ->
#ifdef TWO_KEY_LEASE
          lease_token = 0; push(process);
#elif defined(SILENT_RELEASE)
          kind = MISSING; entry_token = 0;
#else
          remove_entry(process);
#endif
          step_own_flights(process)
       :: else -> skip
       fi;
       certified = false; how = AGAIN
     }
#ifdef FAILURES
  :: atomic { /* the loader failed: FAIL */
       true;
       if
       :: HELD_WITH(token) ->
#ifdef FAILURE_RELEASES
          kind = MISSING; entry_token = 0; push(process);
#else
          kind = FAILED; entry_version = version; lapsed = false; push(process); rearm(process);
#endif
          certified = true;
          step_own_flights(process)
       :: else ->
#ifdef UNFENCED_FAILURE
          kind = FAILED; entry_token = token; entry_version = version; lapsed = false;
          push(process); rearm(process); step_own_flights(process);
#endif
          certified = false
       fi;
       how = FAILURE
     }
#endif
  fi;
  may_crash();
  atomic { end_flight(me, certified, how, version) };
  goto done;

hit:
#ifdef REFRESH
  /* The caller has its answer. It may refresh the entry, before its end or within its grace. */
  if
  :: goto done
  :: atomic { /* the mark is taken first, then the header is read again */
       mark == 0 && open_flight[process] == 0 ->
       open_flight[process] = me + 1;
       token = last_token + 1; last_token = token; mark = token;
       REASON
     }
  fi;
  atomic {
    if
    :: kind == VALUE && entry_token == base -> skip
    :: else ->
#ifdef COUNT_LOADS
       reasons--;
#endif
       end_flight(me, false, AGAIN, 0);
       goto done
    fi
  };
  atomic { begin_load() };
  may_crash();
#ifdef PROMOTE
  if
  :: true
  :: atomic { /* the entry is about to end: the refresh becomes the holder */
       true;
       if
       :: kind == VALUE && entry_token == base ->
          put_lease(token, process); rearm(process); step_own_flights(process);
          goto end_of_load
#ifdef UNSAFE_PROMOTE
       :: kind == MISSING ->
          put_lease(token, process); rearm(process); step_own_flights(process);
          goto end_of_load
#endif
       :: else -> skip
       fi
     }
  fi;
#endif
  atomic { close_to_newcomers(me) }; /* R2 */
  atomic {
    if
    :: kind == VALUE && entry_token == base ->
       certified = true; put_value(token, version, process)
    :: else -> certified = false
    fi
  };
  may_crash();
  atomic { end_flight(me, certified, GOOD, version) };
#endif

done:
  atomic {
#ifdef REFRESH
    if
    :: mark != 0 && mark == token -> mark = 0 /* compare and delete */
    :: else -> skip
    fi;
#endif
    token = 0; base = 0; previous = 0; version = 0; certified = false; how = AGAIN;
    floor_then = 0; fresh_then = 0;
    calls++;
    if
    :: calls < CALLS -> goto start
    :: else -> skip
    fi
  };
gone:
  skip
}

/* ---- the world ------------------------------------------------------------------------------- */

/* The origin changes; then somebody invalidates the key, or expires it. */
proctype invalidator() {
  byte made, by;
  do
  :: made < INVALIDATIONS ->
     atomic {
       origin++; made++;
       by = NOBODY;
#ifdef OWN_INVALIDATE
       if
       :: true
       :: by = 0; close_for_write(0)
       fi
#endif
     };
     if
     :: atomic { /* UNLINK. Of a missing key it is no write */
          true;
#ifdef TWO_KEY_LEASE
#ifndef FOREIGN_DELETE
          lease_token = 0; kind = MISSING; entry_token = 0; entry_version = 0; REASON; push(by)
#else
          if
          :: kind != MISSING -> remove_entry(by)
          :: else -> skip
          fi
#endif
#else
          if
          :: kind != MISSING -> remove_entry(by)
          :: else -> skip
          fi
#endif
          ;
          if
          :: by != NOBODY -> step_own_flights(by)
          :: else -> skip
          fi
        };
        atomic { /* its reply is read */
          if
          :: by != NOBODY -> close_for_write(by)
          :: else -> skip
          fi;
          floor = origin; fresh_floor = origin
        }
#ifdef EXPIRE
     :: atomic { /* SOFT: the token changes, so that a refresh in flight is refused */
          true;
          if
          :: kind == VALUE ->
             stale = true;
#ifndef EXPIRE_KEEPS_TOKEN
             last_token++; entry_token = last_token;
#endif
             push(by)
          :: kind == PENDING || kind == FAILED -> remove_entry(by)
          :: kind == MISSING -> skip
          fi;
          if
          :: by != NOBODY -> step_own_flights(by)
          :: else -> skip
          fi
        };
        atomic {
          if
          :: by != NOBODY -> close_for_write(by)
          :: else -> skip
          fi;
          fresh_floor = origin
        }
#endif
     fi
  :: else -> break
  od
}

#ifdef EVENTS
proctype environment() {
  do
  :: events > 0 ->
     if
     :: atomic { events > 0 -> events = 0; break }
     :: atomic { kind != MISSING -> events--; remove_entry(NOBODY) } /* evicted, expired, flushed */
     :: atomic { /* silent for too long: the waiters' own timers fire, there is no push */
          kind == PENDING && !lapsed -> events--; lapsed = true; waiting = 0
        }
     :: atomic { kind == PENDING && lapsed -> events--; lapsed = false; push(NOBODY) } /* RENEW */
#ifdef REFRESH
     :: atomic { mark != 0 -> events--; mark = 0 }
#endif
     fi
  :: else -> break
  od
}
#endif

#ifdef LOST_REPLIES
/* A LEASE that was written to a connection which then broke: executed late, or never. */
proctype network() {
end:
  do
  :: atomic { late_token != 0 && (kind == MISSING || (kind == PENDING && lapsed)) ->
       put_lease(late_token, NOBODY); late_token = 0
     }
  :: atomic { late_token != 0 -> late_token = 0 }
  od
}
#endif

#ifdef SILENT_HOLDERS
/* A lease whose holder is gone ends; the waiters' timers fire. The last thing that can happen. */
proctype lease_end() {
end:
  do
  :: atomic { timeout && kind == PENDING && !lapsed -> lapsed = true; waiting = 0 }
  od
}
#endif

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
#ifdef EVENTS
    run environment();
#endif
#ifdef LOST_REPLIES
    run network();
#endif
#ifdef SILENT_HOLDERS
    run lease_end();
#endif
  }
}
