// SPDX-License-Identifier: MIT
/* Part of lease.pml: what the store's writes do, and what a process does with its flights. */

/* ---- what an entry is worth ------------------------------------------------------------------ */

#ifdef TRUST_OLD_ENTRIES
#define IS_OLD_VALUE false
#else
#define IS_OLD_VALUE from_snapshot
#endif
#ifdef KEEP_OLD_PENDING
#define HAS_ENDED lapsed
#else
#define HAS_ENDED (lapsed || from_snapshot)
#endif

#ifdef TWO_KEY_LEASE
#define LEASED (lease_token != 0)
#define HELD_WITH(t) (lease_token == (t))
#else
#define LEASED (kind == PENDING)
#define HELD_WITH(t) (kind == PENDING && entry_token == (t))
#endif

#define IS_USABLE(how_) ((how_) == GOOD || (how_) == STALE || (how_) == FAILURE)

/* An entry from before the server's start is at most stale; without grace it counts as missing, as
 * does everything else from then. */
inline read_entry(how_) {
  if
  :: kind == VALUE && !IS_OLD_VALUE -> how_ = (stale -> STALE : GOOD)
#ifdef GRACE
  :: kind == VALUE && IS_OLD_VALUE -> how_ = STALE
#else
  :: kind == VALUE && IS_OLD_VALUE -> how_ = AGAIN
#endif
  :: kind == FAILED && !from_snapshot -> how_ = FAILURE /* within its pause: it is the answer */
  :: kind == FAILED -> how_ = AGAIN /* its pause is over */
  :: kind == MARKER && !from_snapshot -> how_ = ALONE
  :: kind == MARKER && from_snapshot -> how_ = AGAIN
  :: kind == MISSING || kind == PENDING -> how_ = AGAIN
  fi
}

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

inline put_entry(kind_, with, what) {
  kind = kind_; entry_token = with; entry_version = what; stale = false; lapsed = false;
  from_snapshot = AS_IF_OLD
}

inline remove_entry(by) {
  put_entry(MISSING, 0, 0);
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
  put_entry(PENDING, with, 0);
#endif
  push(by)
}

inline put_value(with, what, by) {
  put_entry(VALUE, with, what);
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
 * current at that instant) answers all callers; any other only callers that joined early. */
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

/* R8: a process that invalidates closes its flight to newcomers, and lets callers go that joined
 * after the origin read began. */
inline close_for_write(q) {
#ifdef OPEN_WHILE_INVALIDATED
  skip
#else
  d_step {
    if
    :: open_flight[q] != 0 ->
       let_go(0, open_flight[q]); let_go(1, open_flight[q]);
       let_go(2, open_flight[q]); let_go(3, open_flight[q]);
       open_flight[q] = 0
    :: else -> skip
    fi
  }
#endif
}
