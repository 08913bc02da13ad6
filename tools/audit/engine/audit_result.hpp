// SPDX-License-Identifier: MIT
// The result of an audit: findings with their evidence, the coverage of each rule, the role of each
// key pattern, and the timeline of the run. Key names and client names are untrusted text. Code
// that prints them must escape them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "audit/capture/event.hpp"
#include "audit/engine/outage_result.hpp"

namespace drover::audit {

enum class severity : std::uint8_t { info, warning, error };
enum class confidence : std::uint8_t { suspected, strong, proof };
/// no_cache: no key was used as a cached value or as a lock, so there is nothing to judge.
enum class verdict : std::uint8_t { pass, fail, inconclusive, no_cache };
/// mark: a flag, a throttle or a sign of life. It is set and looked for; nothing is loaded for it.
enum class key_role : std::uint8_t { other, value, lock, meta, mark, ignored };

/// One line of a timeline.
struct moment_line {
  moment from{};
  moment to{};
  std::uint64_t connection = 0;
  std::string process;  ///< "python3 (4711)" or a client's name
  std::string text;     ///< "GET user:42 -> nothing"
  /// It stored, took, released, deleted or prolonged the key.
  bool changed_key = false;
  /// The text of the finding names it: the second winner of a lock, the late store, the SET that is
  /// accused.
  bool decisive = false;
  /// The line stands for so many commands that are left out: "(12 more)". 0: it is a command.
  std::uint64_t left_out = 0;
};

/// One observed case: a summary, and the commands of the case in order.
struct evidence {
  std::string summary;  ///< one sentence with figures
  std::string key;
  moment from{};
  moment to{};
  std::vector<moment_line> timeline;
};

struct finding {
  std::string rule;  ///< "C101"
  std::string name;  ///< "stampede-cold-key"
  audit::severity severity = audit::severity::warning;
  audit::confidence confidence = audit::confidence::strong;
  std::string pattern;            ///< "user:*"
  std::vector<std::string> keys;  ///< examples
  std::uint64_t count = 0;
  std::uint64_t opportunities = 0;      ///< the cases in which the fault could have happened
  std::string message;                  ///< one or two sentences about this finding
  std::vector<evidence> evidence_list;  ///< the first three and the worst three cases
  std::string library;  ///< the profile that explains the finding: "dogpile.cache"; "" if none
  std::string advice;
  std::string fix_prompt;
  /// The reason that the baseline gives for accepting the finding; "" if the baseline does not
  /// accept it. An accepted finding does not fail the audit.
  std::string accepted;
  bool fails = false;  ///< severe enough to fail the audit, and not accepted
};

struct coverage_line {
  /// not_exercised: nothing in the run concerned the rule. not_judged: something did, and the rule
  /// cannot judge it; `not_judged` says why.
  enum class status : std::uint8_t { pass, fail, not_exercised, not_judged };
  std::string rule;
  std::string name;
  status state = status::not_exercised;
  std::string detail;  ///< "14 cold events, widest 12 waiters"
  /// What was seen and cannot be judged, with the reason: "3 waits, because no lease is known". ""
  /// if nothing. A rule that has judged other cases has such cases too.
  std::string not_judged{};
};

struct role_line {
  std::string pattern;
  key_role role = key_role::other;
  std::size_t keys = 0;
  std::string reason;  ///< "won NX 14 times, compared and deleted 14 times"
  std::string paired;  ///< lock: the pattern of the values it guards
};

/// The timeline of the run. Its size is bounded; `left_out` counts the entries beyond the limits.
struct run_timeline {
  enum class operation_kind : std::uint8_t {
    hit,
    miss,
    store,
    acquired,
    refused,
    deleted,
    released,
    renewed,
    other
  };
  struct operation {
    moment from{};
    moment to{};
    std::size_t process = 0;  ///< index into `processes`
    std::size_t key = 0;      ///< index into `keys`
    operation_kind kind = operation_kind::other;
    std::string text;
  };
  struct cold_event {
    std::size_t key = 0;
    moment from{};
    moment to{};
    std::uint64_t requests = 0;
    std::uint64_t loads = 0;
    bool made_by_tool = false;
  };
  struct load {
    std::size_t key = 0;
    std::size_t process = 0;
    moment from{};
    moment to{};
    bool stored = true;
    bool by_nx = false;  ///< stored with NX on the value itself
  };
  std::vector<std::string> processes;
  std::vector<std::string> keys;
  std::vector<key_role> roles;  ///< one for each of `keys`
  std::vector<operation> operations;
  std::vector<cold_event> cold_events;
  std::vector<load> loads;
  /// The loads of cached values in each second, as the traffic shows them: `figures::loads` in all.
  std::vector<std::uint64_t> loads_each_second;
  /// The refreshes in each second: `figures::refreshes` in all.
  std::vector<std::uint64_t> refreshes_each_second;
  /// The loads of each second that the origin reported; empty without an origin counter.
  std::vector<std::uint64_t> origin_each_second;
  std::uint64_t left_out = 0;
};

/// The faults that the tool injected, and what it did not judge because of them.
struct fault_report {
  /// One fault of the script.
  struct line {
    std::string fault;  ///< as typed
    std::string kind;
    std::uint64_t injected = 0;
    moment first{};
    moment last{};
  };
  /// One injection.
  struct injection {
    std::size_t line = 0;  ///< index into `lines`
    moment from{};
    moment to{};
    std::uint64_t connection = 0;
    std::string process;
    std::string command;
    std::string key;
  };
  /// Facts that a fault may explain. No rule has judged them.
  struct not_judged {
    std::uint64_t cold_events = 0;
    std::uint64_t contended_cold_events = 0;
    std::uint64_t lock_holds = 0;
    std::uint64_t others = 0;    ///< loads, stores, refreshes and waits
    std::uint64_t commands = 0;  ///< whose replies belong to other requests
  };
  std::vector<line> lines;            ///< in the order of their first injection
  std::vector<injection> injections;  ///< the first ones; see `lines` for the number of all
  not_judged excused;

  [[nodiscard]] bool is_empty() const { return lines.empty(); }
};

struct audit_result {
  verdict outcome = verdict::inconclusive;
  std::string reason;                ///< one line: why pass, fail or inconclusive
  std::vector<finding> findings;     ///< the worst first
  std::vector<finding> notices;      ///< C9xx
  std::vector<std::string> remarks;  ///< on the audit itself, such as expired baseline entries
  std::vector<coverage_line> coverage;
  std::vector<role_line> roles;

  struct figures {
    moment length{};
    std::uint64_t commands = 0;         ///< that were examined
    std::uint64_t commands_passed = 0;  ///< in all
    std::uint64_t connections = 0;
    std::uint64_t processes = 0;
    std::uint64_t keys = 0;
    std::uint64_t cold_events = 0;
    std::uint64_t contended_cold_events = 0;  ///< two or more clients wanted the key at once
    std::uint64_t contended_cold_events_excused = 0;  ///< those that an injected fault may explain
    std::uint64_t loads = 0;                          ///< as the traffic shows them
    /// Stores of cached values by clients that had not missed them. Each may be a load.
    std::uint64_t refreshes = 0;
    std::uint64_t origin_loads = 0;  ///< reported by the origin
    /// Reads of keys that the run neither stored nor changed. They may be a cache that is never
    /// filled.
    std::uint64_t reads_only = 0;
    double sampled_share = 1.0;  ///< the share of keys that were examined; 1: all
    double blind_share = 0.0;    ///< the share of the traffic that could not be read
  };
  figures run;
  std::string command;  ///< the audited command without secrets; "" if none
  run_timeline timeline;
  fault_report faults;                 ///< empty without an option that injects faults
  std::vector<outage_result> outages;  ///< in the order of time; empty without --outages
};

}  // namespace drover::audit
