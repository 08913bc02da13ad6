// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue_parts.hpp"

namespace drover::audit {
namespace {

constexpr rule_text expiry_texts[] = {
    {.id = "C301",
     .name = "value-no-ttl",
     .usual = severity::error,
     .otherwise =
         "warning when the server evicts by LRU or LFU, or when the value carries an end of "
         "its own inside",
     .says = "A cached value is stored without a TTL.",
     .why = "Every mistake in invalidation stays for ever, and so does every key that nobody asks "
            "for any more: memory only grows, until the server evicts at random or refuses writes.",
     .silent_for = "counters, queues, leaderboards, sessions: only keys that are read, found "
                   "missing and then stored count; stores that keep the TTL a key has.",
     .exercised_by = "a value that is stored after a miss",
     .advice = "A TTL in the command that stores, with 10 to 20 % jitter.",
     .fix =
         "Give every cached value a TTL in the command that stores it: `SET <key> <value> PX "
         "<ms>`, with PX = ttl * (1 + a random number between -0.1 and 0.1). Choose the TTL from "
         "how old the value may get. If a library stores it, set its option for that. Delete or "
         "give a TTL to the keys that are there already (SCAN, then PEXPIRE).",
     .kit_rules = "8"},
    {.id = "C302",
     .name = "ttl-by-second-command",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A value is stored with one command and gets its TTL with a second one.",
     .why = "A process that dies or loses its connection between the two leaves a value that never "
            "ends. It is also one round trip more.",
     .silent_for = "pairs in one MULTI, one pipeline or one script.",
     .exercised_by = "a value that is stored after a miss and gets a TTL",
     .advice = "SET with PX; for hashes HSETEX, or HSET and PEXPIRE in one MULTI.",
     .fix = "Store and TTL in one step: `SET <key> <value> PX <ms>` for strings; for hashes HSETEX "
            "where the server has it, else HSET and PEXPIRE inside one MULTI/EXEC.",
     .kit_rules = "8"},
    {.id = "C303",
     .name = "synchronised-expiry",
     .usual = severity::warning,
     .otherwise = "error when the wave of misses was seen",
     .says = "Many keys of one pattern end at the same moment.",
     .why =
         "Keys that were stored together with one TTL expire together: all of them are loaded in "
         "one moment, again and again, each TTL anew. Single-flight does not help, as they are "
         "different keys.",
     .silent_for = "equal TTLs of values stored at different times; fewer than 20 keys; "
                   "idempotency and rate keys.",
     .exercised_by = "20 or more keys of one pattern that are stored with a TTL",
     .advice = "Jitter of 10 to 20 % on every TTL.",
     .fix =
         "Where the TTL of these keys is set, multiply it by a random factor for each store, for "
         "example 1 + a random number between -0.1 and 0.1 (or between 0.8 and 1 if the TTL is "
         "an upper bound). Add a test: 1000 stores have many different TTLs, all within the "
         "bounds.",
     .kit_rules = "8"},
    {.id = "C304",
     .name = "ttl-dropped",
     .usual = severity::info,
     .otherwise = "warning for values that are stored after misses",
     .says = "A SET without TTL replaced a value that had one.",
     .why = "SET removes the TTL of the key. The value was meant to end, and now it does not; the "
            "mistake shows only when a stale value is found weeks later.",
     .silent_for = "KEEPTTL; keys that are always stored without a TTL (C301).",
     .exercised_by = "a value with a TTL that is stored again",
     .advice = "SET ... KEEPTTL, or the TTL again.",
     .fix =
         "Find the code that updates the value without a TTL, and give it one: `SET <key> <value> "
         "PX <ms>`, or KEEPTTL where the first TTL shall go on running.",
     .kit_rules = "8"},
    {.id = "C305",
     .name = "sliding-cache-ttl",
     .usual = severity::warning,
     .otherwise = "",
     .says = "Reading a cached value lengthens its TTL.",
     .why = "A hot key never ends, so it is never loaded again: exactly the values that are read "
            "most are the oldest. It also costs a write for each read.",
     .silent_for = "sessions, tokens, presence: what is meant to live as long as it is used.",
     .exercised_by = "a value that is read several times within its TTL",
     .advice = "An absolute TTL from the store on; slide only sessions.",
     .fix =
         "Remove the EXPIRE (or GETEX with a TTL) from the read path. Set the TTL only when the "
         "value is stored. If hot values shall not go cold, refresh them in the background before "
         "they end, one caller at a time.",
     .kit_rules = "8"},
};

}  // namespace

std::span<const rule_text> expiry_rules() { return expiry_texts; }

}  // namespace drover::audit
