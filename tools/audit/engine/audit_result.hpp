// SPDX-License-Identifier: MIT
// What an audit comes to: findings with their evidence, what each rule had to go by, what each key
// was taken for, and the timeline of the run. Key names and client names are strangers' text:
// whoever prints them escapes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "audit/capture/event.hpp"

namespace drover::audit {

enum class severity : std::uint8_t { info, warning, error };
enum class confidence : std::uint8_t { suspected, strong, proof };
enum class verdict : std::uint8_t { pass, fail, inconclusive };
enum class key_role : std::uint8_t { other, value, lock, meta, ignored };

/// One line of a timeline.
struct moment_line {
  moment from{};
  moment to{};
  std::uint64_t connection = 0;
  std::string process;  ///< "python3 (4711)" or a client's name
  std::string text;     ///< "GET user:42 -> nothing"
};

/// What was seen, in order: the proof.
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
  std::uint64_t opportunities = 0;      ///< in how many it could have happened
  std::string message;                  ///< one or two sentences for this case
  std::vector<evidence> evidence_list;  ///< the first three and the worst three
  std::string library;                  ///< profile that explains it: "dogpile.cache"; "" if none
  std::string advice;
  std::string fix_prompt;
  std::string accepted;  ///< the baseline's reason; then it does not count for the verdict
  bool fails = false;    ///< it counts for the verdict: bad enough, and not accepted
};

struct coverage_line {
  enum class status : std::uint8_t { pass, fail, not_exercised };
  std::string rule;
  std::string name;
  status state = status::not_exercised;
  std::string detail;  ///< "14 cold events, widest 12 waiters"
};

struct role_line {
  std::string pattern;
  key_role role = key_role::other;
  std::size_t keys = 0;
  std::string reason;  ///< "won NX 14 times, compared and deleted 14 times"
  std::string paired;  ///< lock: the pattern of the values it guards
};

/// The timeline of the run. Bounded: `left_out` counts what found no room.
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
  };
  std::vector<std::string> processes;
  std::vector<std::string> keys;
  std::vector<key_role> roles;  ///< of `keys`
  std::vector<operation> operations;
  std::vector<cold_event> cold_events;
  std::vector<load> loads;
  std::vector<std::uint64_t> loads_each_second;   ///< seen on the wire
  std::vector<std::uint64_t> origin_each_second;  ///< told by the origin; empty without a counter
  std::uint64_t left_out = 0;
};

struct audit_result {
  verdict outcome = verdict::inconclusive;
  std::string reason;                ///< one line: why pass, fail or inconclusive
  std::vector<finding> findings;     ///< the worst first
  std::vector<finding> notices;      ///< C9xx
  std::vector<std::string> remarks;  ///< on the audit itself: what has expired in the baseline, ...
  std::vector<coverage_line> coverage;
  std::vector<role_line> roles;

  struct figures {
    moment length{};
    std::uint64_t commands = 0;
    std::uint64_t connections = 0;
    std::uint64_t processes = 0;
    std::uint64_t keys = 0;
    std::uint64_t cold_events = 0;
    std::uint64_t contended_cold_events = 0;  ///< two or more wanted it at once
    std::uint64_t loads = 0;                  ///< seen on the wire
    std::uint64_t origin_loads = 0;           ///< told by the origin
    double sampled_share = 1.0;               ///< of the keys that were looked at, 1: all
    double blind_share = 0.0;                 ///< of the traffic that could not be read
  };
  figures run;
  std::string command;  ///< the audited one, "" if none; never with secrets
  run_timeline timeline;
};

}  // namespace drover::audit
