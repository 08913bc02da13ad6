// SPDX-License-Identifier: MIT
/* Part of lease.pml: a caller of get, which leads its process's flight or joins it. */

#ifdef REFUSALS
#define PENDING_FOR(q) ((q) == 0 -> pending : 0)
#define OWN_FLOOR(q) ((q) == 0 -> own_floor : 0)
#else
#define PENDING_FOR(q) 0
#define OWN_FLOOR(q) 0
#endif
#define NEWER(a, b) ((a) > (b) -> (a) : (b))

#ifdef SERVE_WHILE_PENDING
#define MAY_SERVE_GET(q) true
#elif defined(SERVE_STALE_WHILE_PENDING)
#define MAY_SERVE_GET(q) (PENDING_FOR(q) == 0 || how == STALE)
#else
#define MAY_SERVE_GET(q) (PENDING_FOR(q) == 0)
#endif
#if defined(SERVE_WHILE_PENDING) || defined(SERVE_HIT_WHILE_PENDING)
#define MAY_SERVE_HIT true
#else
#define MAY_SERVE_HIT (asked == 0)
#endif
#ifdef LEASE_DOES_NOT_REFUSE
#define IS_REFUSED false
#else
#define IS_REFUSED (entry_token == refused)
#endif

/* A lease or a mark is bound to the server that granted it. */
#ifdef RESEND_AFTER_RESTART
#define IS_BOUND true
#else
#define IS_BOUND (bound == server_run)
#endif
#define HOLDS(t) (IS_BOUND && HELD_WITH(t))

inline answered(how_, what) {
  if
#ifdef RESTART
  :: how_ == STALE -> skip /* perhaps from a snapshot */
#endif
  :: else -> assert(what >= floor_then)
  fi;
  assert(how_ == STALE || what >= fresh_then)
}

inline begin_load() {
#ifdef COUNT_LOADS
  assert(reasons > 0);
  reasons--;
#endif
  version = origin;
  early = early | JOINED(me); /* callers that joined by now asked before the read */
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

#ifdef REFUSALS
/* A lease that was asked for while the invalidation was pending has replaced whatever was there.
 * One that was asked for before proves nothing: others may have led and filled between the two. */
inline settle() {
  if
#ifdef SETTLED_BY_ANY_LEASE
  :: process == 0 -> pending = 0
#else
  :: asked != 0 && asked == PENDING_FOR(process) -> pending = 0
#endif
  :: else -> skip
  fi
}
#endif

/* The refresh's fill: it replaces the value from which it started. */
inline fill_over(expected) {
  if
  :: IS_BOUND && kind == VALUE && entry_token == expected ->
     certified = true; put_value(token, version, process)
  :: else -> certified = false
  fi
}

proctype caller(byte me) {
  byte process, calls, floor_then, fresh_then;
  byte token, base, previous, version;
  mtype how;
  bool certified;
  byte refused; /* token of an entry that this process must not serve */
  byte asked; /* number of the invalidation that was pending when LEASE was written */
  byte bound; /* the server's run in which the lease or mark was granted */
#ifdef LOST_PROMOTE
  bool unsure; /* whether the promotion was executed */
#endif

  process = PROCESS_OF(me);
start:
  atomic {
    floor_then = NEWER(floor, OWN_FLOOR(process));
    fresh_then = NEWER(fresh_floor, OWN_FLOOR(process));
    how = AGAIN
  };

again:
#ifdef COALESCED_GET
  skip; /* R1 off: whatever a flight brings is good enough */
#else
  /* R1: every get sends its own GET. Whether its answer may be served was decided when it was
   * written: an invalidation that is acknowledged later says nothing about an earlier answer. */
  atomic {
    read_entry(how);
    if
    :: IS_USABLE(how) -> version = entry_version; base = entry_token
    :: else -> skip
    fi;
#ifdef JUDGED_LATE
  };
  atomic {
#endif
    if
    :: !IS_USABLE(how) -> skip
    :: IS_USABLE(how) && MAY_SERVE_GET(process) -> answered(how, version)
    :: IS_USABLE(how) && !MAY_SERVE_GET(process) ->
       refused = base; base = 0; version = 0; how = AGAIN
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
    :: open_flight[process] == 0 && how == ALONE -> open_flight[process] = me + 1; goto load_alone
    :: open_flight[process] == 0 && how != ALONE -> open_flight[process] = me + 1; goto ask
    :: else -> on_flight[me] = open_flight[process]
    fi
  };

  atomic {
    on_flight[me] == 0 ->
    how = answer_how[me]; version = answer_version[me];
    answer_how[me] = 0; answer_version[me] = 0; refused = 0;
    if
    :: how == AGAIN -> version = 0; goto again
    :: else -> answered(how, version); goto done
    fi
  };

ask:
  may_crash();
  /* LEASE is written: its HIT answers callers that joined before. It arms tracking by reading. */
  atomic {
    early = early | JOINED(me);
    tracked = tracked | BIT(process);
    bound = server_run;
    asked = PENDING_FOR(process);
    read_entry(how);
    if
    :: IS_USABLE(how) && IS_REFUSED -> how = LEAD; grant(token, process)
    :: IS_USABLE(how) && !IS_REFUSED && MAY_SERVE_HIT ->
       version = entry_version;
       answered(how, version)
    :: IS_USABLE(how) && !IS_REFUSED && !MAY_SERVE_HIT ->
       refused = entry_token; asked = 0; previous = 0; how = AGAIN; /* it, too, may be too old */
       goto ask
    :: how == ALONE -> skip
    :: how == AGAIN && !LEASED ->
       if
       :: kind == FAILED -> REASON
       :: else -> skip
       fi;
       how = LEAD; grant(token, process)
    :: how == AGAIN && LEASED && HAS_ENDED -> how = LEAD; REASON; grant(token, process)
    :: how == AGAIN && LEASED && !HAS_ENDED && previous != 0 && HELD_WITH(previous) -> how = LEAD;
#ifdef TAKEOVERS
       REASON;
#endif
#ifdef SAME_TOKEN_RETRY
       token = previous; put_lease(token, process); rearm(process)
#else
       grant(token, process)
#endif
    :: how == AGAIN && LEASED && !HAS_ENDED && !HELD_WITH(previous) ->
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
       last_token++; late_token = last_token; late_refused = refused;
       previous = late_token; how = AGAIN;
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
  :: how == ALONE -> goto load_alone
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
#ifdef REFUSALS
  atomic { settle(); asked = 0; refused = 0 };
#endif

  may_crash();
  atomic { begin_load() };

end_of_load:
  may_crash();
#ifndef JOIN_DURING_FILL
  atomic { close_to_newcomers(me) }; /* R2: closed before the fill is written */
#endif
#ifdef RENEW_AFTER_RESTART
  atomic {
    if
    :: HELD_WITH(token) -> bound = server_run /* renew finds what the snapshot has brought back */
    :: else -> skip
    fi
  };
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
       :: HOLDS(token) -> certified = true; put_value(token, version, process)
       :: IS_BOUND && kind == VALUE && entry_token == token ->
          certified = true /* DUP: an earlier copy */
       :: else -> certified = false
       fi
#endif
       ;
       how = GOOD; answered(GOOD, version) /* the leader's own caller */
     }
#ifdef SETTLED_AT_FILL
     atomic {
       if
       :: process == 0 && certified -> pending = 0
       :: else -> skip
       fi
     }
#endif
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
       :: HOLDS(token) ->
#ifdef TWO_KEY_LEASE
          lease_token = 0; push(process);
#elif defined(SILENT_RELEASE)
          kind = MISSING; entry_token = 0;
#else
          remove_entry(process);
#endif
          step_own_flights(process);
          certified = true
       :: else -> certified = false
       fi;
       how = GOOD; answered(GOOD, version)
     }
#ifdef UNCACHEABLE
  :: atomic { /* do not store, and a marker that says so */
       true;
       if
       :: HOLDS(token) ->
          put_entry(MARKER, token, 0); push(process); rearm(process); step_own_flights(process);
          certified = true
       :: else -> certified = false
       fi;
       how = GOOD; answered(GOOD, version)
     }
#endif
#ifdef FAILURES
  :: atomic { /* the loader failed: FAIL */
       true;
       if
       :: HOLDS(token) ->
#ifdef FAILURE_RELEASES
          kind = MISSING; entry_token = 0; push(process);
#else
          put_entry(FAILED, token, version); push(process); rearm(process);
#endif
          certified = true;
          step_own_flights(process)
       :: else ->
#ifdef UNFENCED_FAILURE
          put_entry(FAILED, token, version);
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

load_alone:
  /* A marker stands: loads without a lease and stores nothing. No store certifies the result. */
  may_crash();
  atomic { begin_load() };
  may_crash();
  atomic {
    answered(GOOD, version);
#ifdef MARKER_SHARES_WITH_ALL
    end_flight(me, true, GOOD, version);
#else
    end_flight(me, false, GOOD, version);
#endif
    goto done
  };

hit:
#ifdef REFRESH
  /* The caller has its answer. It may refresh the entry, before its end or within its grace. */
  if
  :: goto done
  :: atomic { /* the mark is taken first, then the header is read again */
       mark == 0 && open_flight[process] == 0 ->
       open_flight[process] = me + 1;
       token = last_token + 1; last_token = token; mark = token;
       bound = server_run;
       REASON
     }
  fi;
  atomic {
    if
    :: IS_BOUND && kind == VALUE && entry_token == base -> skip
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
       :: IS_BOUND && kind == VALUE && entry_token == base ->
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
#ifdef LOST_PROMOTE
  :: atomic { /* its reply is lost: was it executed, will it be, or never? */
       may_lose_promote -> may_lose_promote = false; unsure = true;
       if
       :: kind == VALUE && entry_token == base ->
          put_lease(token, process); rearm(process); step_own_flights(process)
       :: late_promote = token; late_base = base
       fi
     }
#endif
  fi;
#endif
  atomic { close_to_newcomers(me) }; /* R2 */
  atomic { fill_over(base) };
#if defined(LOST_PROMOTE) && !defined(UNSURE_IS_REFUSED)
  if
  :: atomic { unsure && !certified -> unsure = false; goto fill } /* perhaps it holds the lease */
  :: atomic { else -> unsure = false }
  fi;
#endif
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
    refused = 0; asked = 0; bound = 0;
#ifdef LOST_PROMOTE
    unsure = false;
#endif
    calls++;
    if
    :: calls < CALLS -> goto start
    :: else -> skip
    fi
  };
gone:
  skip
}
