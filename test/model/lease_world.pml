// SPDX-License-Identifier: MIT
/* Part of lease.pml: the origin changes and somebody says so; and everything that can go wrong. */

/* `by` is a process or NOBODY; a process does for itself what no push tells it. */
inline own_write_done(by) {
  if
  :: by != NOBODY -> step_own_flights(by)
  :: else -> skip
  fi
}

inline own_reply_read(by) {
  if
  :: by != NOBODY -> close_for_write(by)
  :: else -> skip
  fi
}

/* UNLINK. Of a missing key it is no write. */
inline unlink(by) {
#if defined(TWO_KEY_LEASE) && !defined(FOREIGN_DELETE)
  lease_token = 0; remove_entry(by)
#else
  if
  :: kind != MISSING -> remove_entry(by)
  :: else -> skip
  fi
#endif
}

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
     :: atomic { true; unlink(by); own_write_done(by) };
        atomic { /* its reply is read */
          own_reply_read(by);
          if
          :: floor = origin; fresh_floor = origin
#ifdef REFUSALS
          :: by == 0 -> pending = made; owed = true; own_floor = origin /* its reply is lost */
#endif
          fi
        }
#ifdef REFUSALS
     :: atomic { /* an error is its answer, or it never reached the server */
          by == 0 -> close_for_write(0); pending = made; owed = true; own_floor = origin
        }
#endif
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
          :: kind == MISSING -> skip
          :: else -> remove_entry(by)
          fi;
          own_write_done(by)
        };
        atomic { own_reply_read(by); fresh_floor = origin }
#endif
     fi
  :: else -> break
  od
}

#ifdef REFUSALS
/* Sends a pending invalidation again, also after a lease has settled the key. */
proctype journal() {
end:
  do
  :: atomic {
       owed ->
       unlink(0); step_own_flights(0);
       owed = false; pending = 0;
       floor = NEWER(floor, own_floor); fresh_floor = NEWER(fresh_floor, own_floor)
     }
  od
}
#endif

#ifdef RESTART
/* The server dies and comes back from a snapshot. Every client notices, and learns of the new run,
 * before it sends anything else; R7: it wakes its waiters and closes its flights to newcomers. */
proctype server() {
  mtype saved_kind = MISSING;
  byte saved_token, saved_version;
  bool saved_stale;
  if
  :: true
  :: atomic {
       true;
       saved_kind = kind; saved_token = entry_token; saved_version = entry_version;
       saved_stale = stale
     };
     atomic {
       true;
       server_run++;
       put_entry(saved_kind, saved_token, saved_version);
       stale = saved_stale; from_snapshot = (kind != MISSING);
       saved_kind = MISSING; saved_token = 0; saved_version = 0; saved_stale = false;
#ifdef REFRESH
       mark = 0;
#endif
#ifdef LOST_REPLIES
       late_token = 0; late_refused = 0;
#endif
#ifdef LOST_PROMOTE
       late_promote = 0; late_base = 0;
#endif
       tracked = 0; waiting = 0;
       open_flight[0] = 0; open_flight[1] = 0; open_flight[2] = 0;
#ifdef ROUNDED
       just_started = true;
#endif
     }
#ifdef ROUNDED
     just_started = false
#endif
  fi
}
#endif

#ifdef UNCACHEABLE
/* A marker ends when the search likes, or stands for good. */
proctype marker_end() {
  do
  :: atomic { kind == MARKER -> remove_entry(NOBODY) }
  :: break
  od
}
#endif

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

#if defined(LOST_REPLIES) || defined(LOST_PROMOTE)
/* A request that was written to a connection which then broke: executed late, or never. */
proctype network() {
end:
  do
#ifdef LOST_REPLIES
  :: atomic { late_token != 0 && (kind == MISSING || (kind == PENDING && lapsed)
                                  || (late_refused != 0 && entry_token == late_refused)) ->
       put_lease(late_token, NOBODY); late_token = 0; late_refused = 0
     }
  :: atomic { late_token != 0 -> late_token = 0; late_refused = 0 }
#endif
#ifdef LOST_PROMOTE
  :: atomic { late_promote != 0 && kind == VALUE && entry_token == late_base ->
       put_lease(late_promote, NOBODY); late_promote = 0; late_base = 0
     }
  :: atomic { late_promote != 0 -> late_promote = 0; late_base = 0 }
#endif
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
