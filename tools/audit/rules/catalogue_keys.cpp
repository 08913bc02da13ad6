// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue_parts.hpp"

namespace drover::audit {
namespace {

constexpr rule_text keys_texts[] = {
    {.id = "C601",
     .name = "no-namespace",
     .usual = severity::warning,
     .otherwise = "",
     .says = "Value keys have no prefix.",
     .why =
         "Two applications, or two versions of one, that share a server read each other's values; "
         "nothing can be invalidated by its kind, and nobody can tell whose memory it is.",
     .silent_for = "keys with any of : . / | # _ - in them; a few odd ones among many.",
     .exercised_by = "values that are stored after misses",
     .advice = "app:version:entity:id.",
     .fix =
         "Give every key of the cache a prefix from one place in the code: "
         "`<app>:v<version>:<entity>:<id>`. Raise the version whenever the stored format changes, "
         "so that old and new processes do not read each other's values.",
     .kit_rules = "12"},
    {.id = "C602",
     .name = "unbounded-keys",
     .usual = severity::warning,
     .otherwise = "",
     .says = "A pattern has hundreds of keys and almost no hit.",
     .why = "Something that differs in each request is part of the key: a time, a session, an "
            "unsorted query. The cache costs memory and time, and saves nothing.",
     .silent_for = "fewer than 500 keys; a hit ratio of 5 % or more.",
     .exercised_by = "500 or more keys of one pattern",
     .advice = "Leave out of the key what does not change the value; sort and round the rest.",
     .fix = "Find what makes these keys differ. Build the key only from what the value depends on: "
            "sort parameters, drop unknown and tracking ones, round times and coordinates, fold "
            "case. Do not cache what is different each time. Add a test: requests that have the "
            "same answer have the same key.",
     .kit_rules = "12"},
    {.id = "C603",
     .name = "big-value",
     .usual = severity::info,
     .otherwise = "warning from 1 MB on",
     .says = "Values of 100 KB or more are stored or read.",
     .why =
         "Redis and the connection are busy with it while everybody else waits; with many readers "
         "of one such key the network is full before the server is.",
     .silent_for = "values under 100 KB.",
     .exercised_by = "values that are stored or read",
     .advice = "Compress it, split it, or store only what is read.",
     .fix =
         "Store only the fields that readers use; compress what is over about 10 KB; split lists "
         "into pages with a key each. Add a limit to the code that stores, and a count of what "
         "is over it.",
     .kit_rules = "12"},
    {.id = "C604",
     .name = "blocking-command",
     .usual = severity::warning,
     .otherwise = "error for FLUSHALL, FLUSHDB, and for KEYS in the steady state",
     .says = "A command is used that stops the server for everybody while it runs.",
     .why = "KEYS looks at each key there is, SMEMBERS of a million members and DEL of a big "
            "collection take their time, FLUSHALL makes everything cold at once; all other clients "
            "wait.",
     .silent_for = "the tool's own commands; the first seconds of a run, in which applications "
                   "prepare their data.",
     .exercised_by = "any command",
     .advice = "SCAN instead of KEYS, UNLINK instead of DEL of big keys, a version in the prefix "
               "instead of FLUSH.",
     .fix =
         "Replace KEYS by SCAN with MATCH and COUNT, or better by a set of the names; DEL of big "
         "collections by UNLINK; FLUSHALL and FLUSHDB by raising the version in the keys' "
         "prefix, so that old keys end by their TTL.",
     .kit_rules = "12"},
    {.id = "C605",
     .name = "shared-key",
     .usual = severity::info,
     .otherwise = "",
     .says = "Two clients store values of different formats under one key.",
     .why =
         "Each reads what the other cannot decode: errors, or worse, an object of the wrong kind. "
         "Unpickling or unserialising what another service wrote can also run its code.",
     .silent_for = "one format for all; empty values and integers.",
     .exercised_by = "one key that two clients write",
     .advice = "A prefix for each service; one format for what they share.",
     .fix =
         "Give each service a prefix of its own. Where they share values on purpose, agree on one "
         "format that is no language's own (JSON, MessagePack, Protocol Buffers), with a version "
         "in it.",
     .kit_rules = "12"},
};

}  // namespace

std::span<const rule_text> key_rules() { return keys_texts; }

}  // namespace drover::audit
