// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue_parts.hpp"

namespace drover::audit {
namespace {

constexpr rule_text notices_texts[] = {
    {.id = "C901",
     .name = "not-exercised",
     .usual = severity::info,
     .otherwise = "",
     .says = "The run had nothing that these rules could have judged.",
     .why = "A quiet run proves nothing. What was not exercised may be right or wrong.",
     .silent_for = "",
     .exercised_by = "",
     .advice = "Send more at once, run longer than the TTLs, or let the tool make keys cold "
               "(--active).",
     .fix = "Extend the test that ran under the audit so that it exercises what the report lists: "
            "several processes that ask for one cold key at once, loads that take longer than the "
            "lease, invalidations while loads run. Then run the audit again with --active.",
     .kit_rules = ""},
    {.id = "C902",
     .name = "opaque-script",
     .usual = severity::info,
     .otherwise = "",
     .says = "A script was called whose body was never seen, or does not tell what it does.",
     .why = "What it does to its keys is not known, so these keys were left out of all rules.",
     .silent_for = "",
     .exercised_by = "",
     .advice = "Start the audit before the application loads its scripts, or run SCRIPT FLUSH on a "
               "test server, so that the client sends them again.",
     .fix = "Run the audit against a server that has not seen the scripts yet (a fresh one, or "
            "after SCRIPT FLUSH on a test server), with the application started behind it.",
     .kit_rules = ""},
    {.id = "C903",
     .name = "events-lost",
     .usual = severity::info,
     .otherwise = "warning when more than 1 % of the traffic was not seen: then the run is "
                  "inconclusive",
     .says = "A part of the traffic was passed on unread.",
     .why = "Rules judge what they see. What was lost to keep up, or on connections that could not "
            "be read any more, may hold a fault, or the command that would have excused one.",
     .silent_for = "",
     .exercised_by = "",
     .advice = "Lower the load, give the tool a processor of its own, or audit one instance.",
     .fix = "Run the audit again with less traffic or on a less busy machine; connections that "
            "could not be read are listed with the reason.",
     .kit_rules = ""},
    {.id = "C904",
     .name = "bypass",
     .usual = severity::warning,
     .otherwise = "",
     .says = "The application reached Redis past the tool.",
     .why =
         "Values change that nobody was seen to store, so the application, or a part of it, talks "
         "to the server directly. What it does there was not judged.",
     .silent_for = "keys that end by their TTL or are evicted.",
     .exercised_by = "",
     .advice =
         "Point every client at the tool's address: look for a second URL, a sentinel, cluster "
         "nodes, or a worker with a configuration of its own.",
     .fix =
         "Find every place where the application learns the address of Redis (environment, "
         "settings, sentinel or cluster discovery, workers), and point all of them at the audit's "
         "address while it runs.",
     .kit_rules = ""},
};

}  // namespace

std::span<const rule_text> notices() { return notices_texts; }

}  // namespace drover::audit
