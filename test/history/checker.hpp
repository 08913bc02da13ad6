// SPDX-License-Identifier: MIT
// Checks the records of a run against what the library guarantees. Pure: records in, findings out.
//
// Every property is checked so that it never accuses wrongly: an invalidation counts from its end
// and a get from its beginning, and a lease is assumed to last only as long as it surely does.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "history/record.hpp"

namespace drover::history {

enum class property : std::uint8_t {
  identity,     ///< a value belongs to the key that was asked for, and to a load that really ran
  not_written,  ///< no version is seen before it was written
  fresh,        ///< S1: nothing older than an acknowledged invalidation, unless stale or bypassed
  stale,        ///< S2: a stale value is within ttl + grace, and not older than an invalidation
  bypassed,     ///< a bypassed value comes from a load that ran during the get
  one_load,     ///< S3: the loads of a key under valid leases do not overlap
  ended,        ///< every call ends, and no process crashes
  converged,    ///< after the last fault every get returns the newest version
};
inline constexpr std::size_t property_count = 8;

[[nodiscard]] std::string to_string(property broken);

/// Two records that contradict each other.
struct violation {
  property broken = property::identity;
  record first;   ///< what was promised: the invalidation, the write, the other load
  record second;  ///< what contradicts it
  std::string text{};
};

struct cache_rules {
  std::uint64_t ttl_ms = 0;
  std::uint64_t grace_ms = 0;
  std::uint64_t lease_ms = 0;
};

/// What a kind of fault may do.
struct fault_rules {
  std::string name{};
  /// A lease may end during the fault and shortly after it: data or a connection is lost.
  bool ends_leases = false;
  /// Entries from before it may be back, also invalidated ones. They are at most stale.
  bool brings_back = false;
};

struct rules {
  std::vector<cache_rules> caches{};
  std::vector<fault_rules> faults{};
  /// From this time on every get must return the newest version. 0: this is not checked.
  std::uint64_t settled_ns = 0;
  /// How long after a fault leases may still end because of it: late commands, new connections,
  /// repeated invalidations.
  std::uint64_t aftermath_ms = 2500;
  /// What the time of a stale value may exceed ttl + grace by when no fault delays its fill.
  std::uint64_t stale_slack_ms = 400;
};

/// What happened in a run: the evidence that the checks met the cases that they are for.
struct figures {
  std::uint64_t gets = 0;
  std::array<std::uint64_t, 16> gets_by_outcome{};
  std::uint64_t writes = 0;
  std::uint64_t invalidations = 0;  ///< acknowledged
  std::uint64_t invalidations_unknown = 0;
  std::uint64_t loads = 0;
  std::uint64_t loads_under_lease = 0;  ///< of these, judged by `one_load`
  std::uint64_t loads_at_once_max = 0;  ///< of one key, for whatever reason
  std::uint64_t gets_over_invalidations =
      0;  ///< an invalidation of the key was acknowledged inside
  std::uint64_t loads_over_invalidations = 0;
  std::uint64_t bypassed_older = 0;  ///< bypassed values older than an acknowledged invalidation
  std::uint64_t gets_over_faults = 0;
  std::vector<std::uint64_t> faults_by_kind{};
  std::vector<std::uint64_t> gets_by_fault{};  ///< gets that overlap a fault of the kind
  std::uint64_t settled_gets = 0;
  std::uint64_t settled_processes = 0;
  std::uint64_t get_max_ms = 0;  ///< the longest get
  std::uint64_t past_deadline_max_ms =
      0;  ///< of gets with a deadline, unless their process was stopped
  std::uint64_t stale_age_max_ms = 0;  ///< beyond ttl + grace
  std::uint64_t processes = 0;
};

struct findings {
  std::vector<violation> violations{};
  std::array<std::uint64_t, property_count> violations_by_property{};
  history::figures figures{};
};

/// At most this many violations of each property are kept; all are counted.
inline constexpr std::uint64_t violations_kept = 10;

/// The records of the key, and the faults, from shortly before the first record of the violation
/// until its second one ended: one line each, in the order of their beginnings.
[[nodiscard]] std::string context_of(const violation& found, const std::vector<record>& records,
                                     const rules& with);

[[nodiscard]] findings check(const std::vector<record>& records, const rules& with);

}  // namespace drover::history
