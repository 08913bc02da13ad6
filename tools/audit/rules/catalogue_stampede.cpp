// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue_parts.hpp"

namespace drover::audit {
namespace {

constexpr rule_text stampede_texts[] = {
    {.id = "C101",
     .name = "stampede-cold-key",
     .usual = severity::error,
     .otherwise = "",
     .says = "When a key is cold, several callers load it at the same time.",
     .why =
         "One expired key turns into as many origin queries as there are callers who want it. "
         "The hotter the key, the harder the origin is hit at the very moment nothing is cached; "
         "the slower the origin gets, the more callers join in. Storing the result with NX hides "
         "the extra loads from the cache, not from the origin.",
     .silent_for =
         "sessions and write-through (stores without misses), a pending mark that is put into the "
         "value key itself, a stale entry that is stored again before one caller loads.",
     .exercised_by = "two or more requests for one key while it is cold",
     .advice =
         "Coalesce the callers in each process (single-flight), and let one process at a time "
         "load: a lock or lease per key in Redis. Or keep the old value past its time and "
         "serve it while one caller refreshes.",
     .fix =
         "Change the read path so that a cold key is loaded once. In the process, callers of one "
         "key share one load. Across processes, take `SET <lock> <random token> NX PX <ms>` before "
         "the load, with PX at least three times the 99th percentile of the load time; read the "
         "value again after taking it; store with a TTL; release by compare-and-delete in a "
         "finally block. Who does not get the lock waits with jittered back-off for the value, "
         "until a deadline of at least PX, and then serves a stale value or fails; it never loads. "
         "Add a test in which 50 concurrent reads of one cold key cause exactly one load.",
     .kit_rules = "1, 2"},
    {.id = "C102",
     .name = "no-double-check",
     .usual = severity::error,
     .otherwise = "warning if it was seen once",
     .says = "A caller that waited for the lock loads again what was stored while it waited.",
     .why = "The lock turns the stampede into a queue: every waiter takes the lock in its turn and "
            "loads a value that is already there. The origin does all the work after all, and the "
            "last caller waits for all loads before its own.",
     .silent_for = "refreshes of a value that is still there, holders that never waited, an "
                   "acquisition long after the store.",
     .exercised_by = "a caller that lost the lock and takes it after the winner's store",
     .advice = "Read the value again right after taking the lock, and load only if it is still "
               "missing.",
     .fix =
         "After the lock was taken, and before anything is loaded, read the value once more; if "
         "it is there, release the lock and return it. Add a test in which two callers miss at "
         "once, the second one gets the lock after the first one's store, and the loader has run "
         "once.",
     .kit_rules = "4"},
    {.id = "C103",
     .name = "fallback-after-wait",
     .usual = severity::error,
     .otherwise = "warning where the extra loads are only suspected: no store, no origin counter",
     .says = "Callers that waited in vain for the lock's holder load without the lock.",
     .why = "It holds as long as loads are fast. When the origin is slow, all waiters give up at "
            "about the same time and load at once: the stampede comes at the worst moment, after "
            "everybody has waited for nothing.",
     .silent_for = "waiters that listen (SUBSCRIBE, BLPOP, invalidations) instead of polling, "
                   "waiters in the holder's own process, back-off that grows.",
     .exercised_by = "a load that takes longer than the callers are willing to wait",
     .advice = "Wait at least as long as the lease lasts. Then serve a stale value, fail fast, or "
               "try for the lock again; never load without it.",
     .fix = "Find what a caller does when it has waited long enough for another one's load, or has "
            "used up its tries. Replace the load there: it serves the last known value if there is "
            "one, else tries for the lock again if the deadline of the request allows, else fails "
            "with an error of its own. The wait must be at least as long as the lock's PX. Add a "
            "test in which the load takes longer than the wait, and the loader has still run once.",
     .kit_rules = "7"},
    {.id = "C104",
     .name = "refresh-burst",
     .usual = severity::warning,
     .otherwise = "info for pairs, which early expiration at random causes now and then",
     .says = "A value that is still cached is refreshed by several callers at once.",
     .why =
         "Early refreshing is there to spare the origin. Without a mark that says \"I am on it\", "
         "all callers that see the entry near its end refresh it together: a stampede that no "
         "miss announces.",
     .silent_for = "sessions and counters, which are stored about as often as read; pairs.",
     .exercised_by = "a live value that is stored again while several callers read it",
     .advice = "Let one caller refresh: take a short mark with SET NX PX first, renew it while the "
               "refresh runs; or let one process own all refreshing.",
     .fix = "Before a refresh of a value that can still be served, take a mark with "
            "`SET <key>:refresh <random token> NX PX <ms>`; only the winner loads and stores, all "
            "others serve what they have. Renew or size the mark so that it outlives the refresh, "
            "and release it by compare-and-delete. Add a test in which 50 concurrent reads of an "
            "entry that is due cause one load.",
     .kit_rules = "2"},
    {.id = "C105",
     .name = "per-process-coalescing",
     .usual = severity::warning,
     .otherwise = "",
     .says = "Callers share a load in their process, and every process loads for itself.",
     .why = "A cold key costs as many loads as there are processes or pods. Fine for a few, not "
            "for a fleet; and the figure grows with every scale-out.",
     .silent_for = "runs in which only one process asked.",
     .exercised_by = "one cold key that two or more processes ask for at once",
     .advice = "Accept it for small fleets, with the expected number of loads in the baseline "
               "file's reason; else add a lease per key in Redis behind the single-flight.",
     .fix = "Keep the sharing in the process, and put a lease in Redis behind it: the one caller "
            "that loads for its process first takes `SET <lock> <random token> NX PX <ms>`, reads "
            "the value again, and only then loads; the other processes' loaders wait for the value "
            "with jittered back-off. Add a test with two processes that want one cold key at once, "
            "and one load.",
     .kit_rules = "2"},
    {.id = "C106",
     .name = "penetration",
     .usual = severity::warning,
     .otherwise = "error when an origin counter shows the loads",
     .says = "A key is asked for again and again, loaded each time, and never stored.",
     .why = "What does not exist, or cannot be loaded, is not cached; so each request reaches the "
            "origin. Anyone can send such requests on purpose, with made-up ids, and no cache "
            "stands in the way.",
     .silent_for = "flags, bans and deduplication, where a missing key is the normal answer and no "
                   "sibling is ever stored after a miss; blocking reads.",
     .exercised_by = "repeated reads of a key whose row does not exist or whose load fails",
     .advice = "Cache \"not found\" with a short TTL, and remember a failure for about a second.",
     .fix =
         "When the load finds nothing, store a marker for \"not found\" with a short TTL (for "
         "example 30 to 60 s) and answer from it; delete it wherever such a row is created. When "
         "the load fails, remember the failure for about a second, growing with repeated "
         "failures, and answer from that. Add tests: 100 reads of a missing row cause one load; "
         "100 reads while the origin fails cause at most one load a second.",
     .kit_rules = "9"},
};

}  // namespace

std::span<const rule_text> stampede_rules() { return stampede_texts; }

}  // namespace drover::audit
