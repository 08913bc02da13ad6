// SPDX-License-Identifier: MIT
/*
 * Model B: one key and one tracked connection: replies, pushes, and a connection that drops.
 *
 * The client keeps a copy of the key in the process (`held`), writes the key itself now and then,
 * and has one caller that waits for news of the key: it asks, and if the answer is not final it
 * waits for a push and asks again, without any timer. A foreign client writes.
 *
 * What is checked, by exhaustive search:
 *   - when nothing moves any more, the copy is empty or equal to the entry (assertion in
 *     `monitor`);
 *   - the waiting caller ends: it sees the last foreign write (else an invalid end state).
 *
 * Sizes:      WRITES (foreign), REQUESTS (the client's own gets and writes), DROPS
 * Switches:   REDIRECT  pushes travel on a second connection, so that replies and pushes have no
 *                       common order
 *             DIRTY     a push marks the request that is under way; its reply is not kept
 *             OPTIN     only the read that follows CLIENT CACHING YES is tracked; no copy is kept
 * Mutations:  NO_REARM NO_FLUSH NO_WAKE_ON_LOSS NO_LOCAL_WAKE SPLIT_PAIR, and REDIRECT without
 *             DIRTY; see README.md
 */
#ifndef WRITES
#define WRITES 2
#endif
#ifndef REQUESTS
#define REQUESTS 3
#endif
#ifndef DROPS
#define DROPS 1
#endif

#define EMPTY 255
#define FINAL 128 /* bit of a reply: the foreign client will write no more */

mtype = { GET, WRITE, CACHING, ASK }; /* requests */
mtype = { GOT, WRITTEN, ALLOWED, ASKED, PUSH }; /* replies, and the push */

/* the store */
byte entry = 0;
byte last_version = 0; /* versions are never used twice */
byte writes_left = WRITES;
bool tracked = false;
bool caching = false; /* OPTIN: the next read is tracked */

/* the wire */
chan request = [4] of { mtype, byte };
chan reply = [8] of { mtype, byte };
#ifdef REDIRECT
chan pushes = [8] of { mtype, byte };
#else
#define pushes reply
#endif
bool broken = false; /* the client has yet to notice that the connection is gone */

/* the client */
byte held = EMPTY; /* the copy in the process */
bool busy = false; /* a get or a write is under way */
bool dirty = false;
bool asking = false; /* the waiting caller's request is under way */
bool stepped = false; /* something happened that it has to look at */
bool ended = false;

inline read_entry() {
#ifdef OPTIN
  tracked = tracked || caching;
  caching = false
#else
  tracked = true
#endif
}

proctype store() {
  mtype op; byte what;
end:
  do
  :: atomic {
       request?op,what ->
       if
       :: op == GET ->
#ifdef OPTIN
          caching = false; /* a get of another key: it uses up what was meant for the next read */
#else
          read_entry();
#endif
          reply!GOT,entry
       :: op == ASK -> read_entry(); reply!ASKED,(entry | (writes_left == 0 -> FINAL : 0))
       :: op == CACHING -> caching = true; reply!ALLOWED,0
       :: op == WRITE ->
          /* NOLOOP: no push to this connection, yet its own registration is dropped. */
          entry = what; tracked = false;
#ifdef OPTIN
          caching = false;
#elif !defined(NO_REARM)
          tracked = true; /* R6: the script reads the key again at its end */
#endif
          reply!WRITTEN,what
       fi;
       op = 0; what = 0
     }
  od
}

proctype foreign_client() {
  do
  :: atomic {
       writes_left > 0 ->
       writes_left--;
       last_version++; entry = last_version;
       if
       :: tracked -> tracked = false; pushes!PUSH,0
       :: else -> skip
       fi
     }
  :: else -> break
  od
}

inline keep(what) {
#ifndef OPTIN
#ifdef DIRTY
  held = (dirty -> EMPTY : what);
#else
  held = what;
#endif
#endif
  busy = false; dirty = false
}

inline pushed() {
  held = EMPTY;
  dirty = true; /* whatever is under way may be older than the push */
  stepped = true
}

/* Reads whatever arrives, in the order of its connection. */
proctype reader() {
  mtype what_kind; byte what;
end:
  do
  :: atomic {
       reply?what_kind,what ->
       if
       :: what_kind == GOT -> keep(what)
       :: what_kind == WRITTEN ->
          keep(what);
#ifndef NO_LOCAL_WAKE
          stepped = true /* nobody else tells a process of its own writes */
#endif
       :: what_kind == ALLOWED -> skip
       :: what_kind == ASKED ->
          asking = false;
          if
          :: what & FINAL -> ended = true
          :: else -> skip
          fi
       :: what_kind == PUSH -> pushed()
       fi;
       what_kind = 0; what = 0
     }
#ifdef REDIRECT
  :: atomic { pushes?what_kind,what -> pushed(); what_kind = 0; what = 0 }
#endif
  :: atomic { /* R7: a new connection tracks nothing; what was under way is unknown */
       broken ->
#ifndef NO_FLUSH
       held = EMPTY;
#endif
       busy = false; dirty = false;
#ifndef NO_WAKE_ON_LOSS
       asking = false; stepped = true;
#endif
       broken = false
     }
  od
}

/* Callers that get and write. */
proctype client() {
  byte made;
  do
  :: atomic {
       made < REQUESTS && !busy && !broken && nfull(request) ->
       made++; busy = true; dirty = false;
       if
       :: request!GET,0
       :: last_version++; request!WRITE,last_version
       fi
     }
  :: made == REQUESTS -> break
  od
}

/* The caller that waits. It forgets old steps as it writes its request, never later: a push that
 * comes between the reply and the wait must count. */
proctype waiter() {
  do
  :: atomic {
       !broken && len(request) <= 2 ->
       asking = true; stepped = false;
#ifdef OPTIN
       request!CACHING,0;
#ifndef SPLIT_PAIR
       request!ASK,0
#endif
#else
       request!ASK,0
#endif
     };
#ifdef SPLIT_PAIR
     atomic { !broken && nfull(request) -> request!ASK,0 };
#endif
     !asking;
     if
     :: ended -> break
     :: atomic { !ended && stepped -> skip }
     fi
  od
}

/* The connection breaks: what is under way in either direction is lost. */
proctype drops() {
  byte made;
  do
  :: atomic {
       made < DROPS && !broken ->
       made++;
       tracked = false; caching = false;
       do
       :: nempty(request) -> request?_,_
       :: nempty(reply) -> reply?_,_
#ifdef REDIRECT
       :: nempty(pushes) -> pushes?_,_
#endif
       :: empty(request) && empty(reply) && empty(pushes) -> break
       od;
       broken = true
     }
  :: break
  od
}

proctype monitor() {
end:
  atomic { timeout -> assert(held == EMPTY || held == entry) }
}

init {
  atomic {
    run store(); run foreign_client(); run reader(); run client(); run waiter(); run drops();
    run monitor()
  }
}
