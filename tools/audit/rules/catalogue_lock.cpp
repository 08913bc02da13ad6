// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue_parts.hpp"

namespace drover::audit {
namespace {

constexpr rule_text lock_texts[] = {
    {.id = "C201",
     .name = "lock-no-ttl",
     .usual = severity::error,
     .otherwise = "",
     .says = "A lock is taken without a time after which it ends.",
     .why = "When its holder is killed, restarted or cut off, the lock stays for ever: nobody can "
            "load that key again until someone deletes the lock by hand.",
     .silent_for = "locks that get their TTL in the same transaction or script, leader leases that "
                   "are renewed.",
     .exercised_by = "a lock that is taken",
     .advice = "Take it with one command: SET key token NX PX ms.",
     .fix =
         "Give the lock a TTL in the command that takes it: `SET <lock> <random token> NX PX "
         "<ms>`, with PX at least three times the 99th percentile of the load time, or renewed "
         "every third of it while the load runs. If a library takes the lock, set its option for "
         "that. Add a test that takes the lock, drops the holder, and gets the lock after PX.",
     .kit_rules = "3"},
    {.id = "C202",
     .name = "lock-two-step",
     .usual = severity::error,
     .otherwise = "warning when both commands travel in one pipeline",
     .says = "A lock is taken with one command and gets its TTL with a second one.",
     .why = "A process that dies between the two leaves a lock that never ends. In MULTI the pair "
            "is atomic, yet the loser's EXPIRE lengthens the winner's lease.",
     .silent_for = "scripts that do both.",
     .exercised_by = "a lock that is taken",
     .advice = "One command does both: SET key token NX PX ms.",
     .fix = "Replace the pair (SETNX or SET NX, then EXPIRE or PEXPIRE) by `SET <lock> <random "
            "token> NX PX <ms>`, and look at its reply: OK means taken, nothing means taken by "
            "another. Remove the second command everywhere.",
     .kit_rules = "3"},
    {.id = "C203",
     .name = "check-then-act-lock",
     .usual = severity::error,
     .otherwise = "",
     .says = "A lock is looked up first and set without NX afterwards.",
     .why = "Two callers can both find it free and both set it. It is no lock: it only makes the "
            "race rarer, so that it shows under load and not in tests.",
     .silent_for = "keys that are not named or used as locks.",
     .exercised_by = "a key with the name of a lock that is set",
     .advice = "Let Redis decide in one step: SET key token NX PX ms, and look at the reply.",
     .fix = "Replace the check (EXISTS or GET of the lock) and the plain SET by one `SET <lock> "
            "<random token> NX PX <ms>`; only who gets OK may go on to load. Release by "
            "compare-and-delete with the same token. Add a test in which two callers try at once "
            "and one of them gets it.",
     .kit_rules = "3"},
    {.id = "C204",
     .name = "unlock-plain-del",
     .usual = severity::warning,
     .otherwise = "error when another holder's lock was deleted so (C206)",
     .says = "A lock is released by DEL, without looking whose it is.",
     .why =
         "If the lease ended before the load did, the lock belongs to another caller by then. "
         "DEL removes that one's lock, a third caller enters, and so on: one slow load makes all "
         "following ones overlap.",
     .silent_for = "deletions by hand now and then (fewer than one in ten releases).",
     .exercised_by = "a lock that is taken and released",
     .advice =
         "Release by compare-and-delete: DELEX key IFEQ token (Redis 8.4), DELIFEQ (Valkey 9), "
         "or a Lua script of three lines.",
     .fix =
         "Put a random token into the lock when it is taken, keep it, and release only by "
         "compare-and-delete: the script `if redis.call('GET', KEYS[1]) == ARGV[1] then return "
         "redis.call('DEL', KEYS[1]) else return 0 end`, or DELEX IFEQ / DELIFEQ where the server "
         "has it. Do it in a finally block, and only if the lock was taken. Add a test: a holder "
         "whose lease ended and was taken over does not delete the new holder's lock.",
     .kit_rules = "6"},
    {.id = "C205",
     .name = "unlock-get-del",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A lock is released by GET, a comparison in the application, and DEL.",
     .why =
         "Between the GET that says \"mine\" and the DEL the lease can end and another caller can "
         "take the lock, which the DEL then removes. A garbage collection or a slow network is "
         "enough.",
     .silent_for = "WATCH with MULTI, which makes it safe; waiters that read the lock while "
                   "polling.",
     .exercised_by = "a lock that is taken and released",
     .advice = "Compare and delete in one step: DELEX IFEQ, DELIFEQ, or a Lua script.",
     .fix = "Replace GET, comparison and DEL by one compare-and-delete: the script `if "
            "redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else "
            "return 0 end`, or DELEX IFEQ / DELIFEQ where the server has it.",
     .kit_rules = "6"},
    {.id = "C206",
     .name = "foreign-unlock",
     .usual = severity::error,
     .otherwise = "",
     .says = "A caller deleted a lock that belonged to another one.",
     .why = "It happened in this run: while the owner was loading, its lock was taken away. From "
            "then on two callers work at once, and the later store may be the older value.",
     .silent_for = "nothing: the tokens prove it. With constant tokens it is called strong, not "
                   "proven.",
     .exercised_by = "a lease that ends before its holder releases it",
     .advice = "Compare-and-delete with a random token; and a lease that outlives the load.",
     .fix =
         "Release only by compare-and-delete with the random token that took the lock (Lua, DELEX "
         "IFEQ, DELIFEQ). Make PX at least three times the 99th percentile of the load time, or "
         "renew it every third while the load runs, and do not store when a renewal fails. Add a "
         "test: the first holder outlives its lease, a second one takes over, and the first "
         "one's release leaves the second one's lock alone.",
     .kit_rules = "5, 6"},
    {.id = "C207",
     .name = "lease-shorter-than-load",
     .usual = severity::error,
     .otherwise = "",
     .says = "A lease ended while its holder was still at work.",
     .why = "Whoever waits gets the lock while the first load still runs: two loads at once, and "
            "with a slower origin three and more. The lock fails exactly when it is needed.",
     .silent_for = "holders that renew; holders that were never heard of again (C210).",
     .exercised_by = "a load that takes about as long as the lease",
     .advice =
         "A lease of at least three times the 99th percentile of the load time, or one that is "
         "renewed every third of its time; and give up the store when the lease was lost.",
     .fix =
         "Either make PX at least three times the 99th percentile of the load time, or renew the "
         "lease every PX/3 while the load runs (a script that compares the token and sets "
         "PEXPIRE). When a renewal says that the lease is lost, do not store the result. Add a "
         "test whose load takes twice the lease, and in which one load runs at a time.",
     .kit_rules = "5"},
    {.id = "C208",
     .name = "lease-margin-thin",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A lock was held for more than half of its lease, without renewal.",
     .why = "A load that takes twice as long, which a busy origin does easily, outlives the lease; "
            "then two callers load at once.",
     .silent_for = "fewer than five acquisitions; leases that are renewed.",
     .exercised_by = "five or more acquisitions of locks of one pattern",
     .advice = "A longer lease, or renewal every third of it.",
     .fix = "Raise PX to at least three times the 99th percentile of the load time, or renew the "
            "lease every PX/3 by a script that compares the token and sets PEXPIRE.",
     .kit_rules = "5"},
    {.id = "C209",
     .name = "constant-token",
     .usual = severity::warning,
     .otherwise = "",
     .says = "Each acquisition writes the same token into the lock.",
     .why = "A token says whose the lock is. With one token for all, compare-and-delete compares "
            "nothing: every holder can release every other one's lock.",
     .silent_for = "nothing: equal bytes are equal bytes.",
     .exercised_by = "three or more acquisitions",
     .advice = "A new random token (128 bits) for every acquisition.",
     .fix =
         "Draw a new random token of at least 128 bits for every acquisition (uuid4, "
         "crypto.randomUUID, SecureRandom), write it with `SET <lock> <token> NX PX <ms>`, and "
         "release by compare-and-delete with that very token. No host name, thread id, timestamp "
         "or literal.",
     .kit_rules = "6"},
    {.id = "C210",
     .name = "lock-abandoned",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A lock was neither released nor used any more; waiters sat out its lease.",
     .why = "An early return or an exception between acquisition and release leaves the lock "
            "behind. Until the lease ends, nobody can load that key.",
     .silent_for = "leader leases and schedules, whose locks are meant to end by themselves; "
                   "connections that the tool cut.",
     .exercised_by = "a lock that is taken",
     .advice = "Release in finally (or a destructor), and keep the lease short.",
     .fix =
         "Put the release of the lock into a finally block, defer, context manager or destructor, "
         "so that it runs on every way out: when the load fails, finds nothing, or is cancelled. "
         "Add a test whose load fails, and in which the next caller gets the lock at once.",
     .kit_rules = "6"},
    {.id = "C211",
     .name = "lease-excessive",
     .usual = severity::info,
     .otherwise = "",
     .says = "A lease is more than a hundred times as long as its lock is ever held.",
     .why = "When a holder dies, everybody waits for the rest of the lease: minutes, for a load of "
            "milliseconds.",
     .silent_for = "locks that nobody waits for, as those of schedules.",
     .exercised_by = "callers that wait for a lock",
     .advice = "A short lease that the holder renews while it works.",
     .fix =
         "Shorten PX to a few times the 99th percentile of the load time, and renew it every PX/3 "
         "by a script that compares the token and sets PEXPIRE, for loads that take longer.",
     .kit_rules = "5"},
    {.id = "C212",
     .name = "late-write",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A holder stored its value after it had lost the lock.",
     .why = "By then another caller may have stored a newer one, which the late store overwrites: "
            "the cache goes back in time, and stays there until the TTL ends.",
     .silent_for = "stores that depend on the token or on the value that was read.",
     .exercised_by = "a holder that stores after its lease has ended",
     .advice = "Make the store depend on the lock: compare the token and store in one script.",
     .fix =
         "Store the loaded value by a script that first compares the lock's token: `if "
         "redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('SET', KEYS[2], ARGV[2], "
         "'PX', ARGV[3]) else return false end`. When it refuses, return the value to the caller "
         "and leave the cache alone. (In a cluster both keys need one hash tag.) Add a test: a "
         "holder that lost its lease does not overwrite what the next one stored.",
     .kit_rules = "5"},
};

}  // namespace

std::span<const rule_text> lock_rules() { return lock_texts; }

}  // namespace drover::audit
