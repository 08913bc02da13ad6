// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue_parts.hpp"

namespace drover::audit {
namespace {

constexpr rule_text consistency_texts[] = {
    {.id = "C401",
     .name = "stale-set",
     .usual = severity::error,
     .otherwise = "",
     .says = "A value that was loaded before an invalidation was stored after it.",
     .why = "The writer changed the row and deleted the key; a reader that had loaded the old row "
            "stored it afterwards. Everybody reads the old value until the TTL ends, though the "
            "invalidation worked. With permissions, prices or stock that is a security or money "
            "problem.",
     .silent_for = "a reader that deletes what it found expired, deletion and store in one "
                   "transaction, conditional stores, deletions by the tool.",
     .exercised_by = "an invalidation while a load of that key runs",
     .advice = "A store that is refused when an invalidation came between: compare a version, a "
               "generation or the lease's token in one script. At the least, delete again a moment "
               "after the write, and keep the TTL short.",
     .fix = "Make the reader's store depend on what it saw before it loaded. For example: before "
            "the load, read (or create) a generation `<key>:gen`; invalidation increments it and "
            "deletes the value, in one MULTI or script; the store is a script that compares the "
            "generation and sets the value only if it is unchanged. Or load under a lease whose "
            "token the invalidation removes, and store by comparing the token. Add a test: load "
            "begins, the row changes and the key is invalidated, load ends; the next read returns "
            "the new row.",
     .kit_rules = "11"},
    {.id = "C402",
     .name = "lost-update",
     .usual = severity::error,
     .otherwise = "info when the damage was possible and did not happen",
     .says =
         "A value is read, changed in the application and written back while others do the same.",
     .why = "Of two callers that read the same value, the second write removes the first one's "
            "change. A pipeline does not help: it is not a transaction.",
     .silent_for = "refreshes (the load lies between), WATCH, scripts, keys of one process only.",
     .exercised_by = "two connections that read and then write one key",
     .advice =
         "An atomic command (INCRBY, HSET of one field), a Lua script, or WATCH with a retry.",
     .fix =
         "Replace read, change and write by one atomic step: INCRBY or HINCRBY for numbers, HSET "
         "of the one field, SADD or ZADD for collections; else a Lua script; else WATCH, GET, "
         "MULTI, SET, EXEC in a loop that starts again when EXEC answers nothing. Add a test in "
         "which two callers change the value at once and both changes are in it.",
     .kit_rules = "10"},
    {.id = "C403",
     .name = "split-metadata",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A value and what is known about it are stored in two keys, one after the other.",
     .why = "A reader between the two stores sees the new value with the old time or version, or "
            "the other way round; and one of them can end or be evicted without the other.",
     .silent_for = "MULTI, MSET and scripts; sets of tags; a pair that was stored once.",
     .exercised_by = "a value with a second key of the same name and a suffix as :ts or :meta",
     .advice = "One value that holds both, or one transaction with one TTL.",
     .fix =
         "Put the metadata into the value (an envelope: version, stored-at, load time, payload), "
         "and read and write one key. If they must be two keys, write both in one MULTI/EXEC or "
         "script with the same TTL, and read both with one MGET.",
     .kit_rules = "10"},
    {.id = "C404",
     .name = "xfetch-miscalibrated",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A value is refreshed far too early, again and again.",
     .why = "Early expiration at random shall refresh about one load time before the end. With a "
            "wrong formula, most often a clock or a wrong unit in place of the measured load time, "
            "each entry is refreshed all its life: the cache asks the origin about as often as no "
            "cache would.",
     .silent_for = "refreshing at a regular interval, extra stores of one cold event.",
     .exercised_by = "a value that is refreshed before it ends, eight times or more",
     .advice = "Refresh when now - delta * beta * ln(random) >= end, with delta the measured load "
               "time, stored with the value, in the same unit as the clock.",
     .fix =
         "Correct the condition for early refreshing to: now - delta * beta * ln(u) >= end, with u "
         "uniform in (0, 1], beta = 1, delta the duration of the load that made the value "
         "(measured, stored in the value) and all of them in one unit. Add a test with a fixed "
         "clock: with delta 50 ms and a TTL of 60 s, of 10,000 draws at half of the TTL none "
         "refreshes, and most do in the last 10 ms.",
     .kit_rules = "1"},
};

}  // namespace

std::span<const rule_text> consistency_rules() { return consistency_texts; }

}  // namespace drover::audit
