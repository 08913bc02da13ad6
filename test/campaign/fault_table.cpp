// SPDX-License-Identifier: MIT
#include "campaign/fault_table.hpp"

#include "fault/plan/fault_kinds.hpp"

namespace drover::campaign {

std::vector<history::fault_rules> rules_of_faults() {
  std::vector<history::fault_rules> all{
      {"server killed", true, false},   {"server restored", true, true},
      {"server stopped", true, false},  {"clients killed", true, false},
      {"flushed", true, false},         {"evicted", true, false},
      {"no memory", true, false},       {"replica", true, false},
      {"worker stopped", true, false},  {"worker killed", false, false},
      {"clients paused", false, false}, {"scripts flushed", false, false},
      {"no permission", false, false},
  };
  for (const faults::kind_description& kind : faults::all_kinds())
    all.push_back({"proxy: " + std::string{kind.name}, false, false});
  return all;
}

// The chances are per reply, except for those of `refuse` and `black-hole`. No fault drops or
// repeats a reply: replies carry no number, so no client could notice every such shift.
std::string proxy_script(unsigned seconds) {
  std::string script;
  const std::string window = " for=" + std::to_string(seconds) + "s\n";
  for (const char* const line : {
           "delay time=1ms..40ms chance=2%",
           "delay time=100ms..400ms chance=0.05%",
           "slice size=1 pause=0ms chance=2%",
           "slice size=100 pause=2ms chance=1%",
           "push chance=1%",
           "push chance=1%",
           "cut chance=0.05%",
           "cut by=reset chance=0.02%",
           "reset executed=yes chance=0.03%",
           "reset executed=no chance=0.03%",
           "half-open chance=0.01%",
           "error code=OOM command=evalsha chance=0.2%",
           "error code=NOSCRIPT command=evalsha chance=0.2%",
           "error code=LOADING command=get,evalsha chance=0.1%",
           "error code=READONLY command=evalsha,unlink chance=0.05%",
           "error code=BUSY command=unlink,ping chance=0.2%",
           "error code=OOM command=unlink executed=yes chance=1%",
           "refuse chance=5%",
           "black-hole chance=4%",
       }) {
    script += line + window;
  }
  for (unsigned at = 7; at + 1 < seconds; at += 11)
    script += "down from=" + std::to_string(at) + "s for=400ms\n";
  return script;
}

}  // namespace drover::campaign
