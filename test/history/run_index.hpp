// SPDX-License-Identifier: MIT
// The records of a run, sorted for the checks.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "history/checker.hpp"

namespace drover::history {

/// Intervals of time that are merged where they overlap.
class time_spans {
 public:
  void add(std::uint64_t begin_ns, std::uint64_t end_ns) { spans_.push_back({begin_ns, end_ns}); }
  /// To be called after the last `add`.
  void merge();
  [[nodiscard]] bool touches(std::uint64_t begin_ns, std::uint64_t end_ns) const;
  /// The beginning of the first span that touches the interval; `otherwise` if none does.
  [[nodiscard]] std::uint64_t first_in(std::uint64_t begin_ns, std::uint64_t end_ns,
                                       std::uint64_t otherwise) const;
  /// How much of the interval the spans cover.
  [[nodiscard]] std::uint64_t covered_ns(std::uint64_t begin_ns, std::uint64_t end_ns) const;

 private:
  struct span {
    std::uint64_t begin_ns = 0;
    std::uint64_t end_ns = 0;
  };
  /// The first span that ends at or after `at_ns`.
  [[nodiscard]] std::vector<span>::const_iterator first_until(std::uint64_t at_ns) const;

  std::vector<span> spans_;
};

struct run_index {
  run_index(const std::vector<record>& records, const rules& with);

  std::map<std::uint32_t, std::vector<const record*>> by_key;
  std::unordered_map<std::uint64_t, const record*> loads;
  std::map<std::uint32_t, const record*> processes;
  std::vector<const record*> faults;
  std::map<std::uint32_t, std::vector<std::uint64_t>> connections_down;

  std::map<std::uint32_t, time_spans> faults_of_process;  ///< those with this process as victim
  time_spans all_faults;                                  ///< with their aftermath
  time_spans lease_faults;  ///< those that end leases, with their aftermath

  [[nodiscard]] const record* load_of(std::uint64_t load_id) const;
  [[nodiscard]] bool is_proxied(std::uint32_t process) const;
  /// Whether a fault of its own process overlaps the operation.
  [[nodiscard]] bool is_stopped(const record& one) const;
  /// When the process was killed; the end of time if it was not.
  [[nodiscard]] std::uint64_t death_of(std::uint32_t process) const;
};

/// Collects violations.
class accuser {
 public:
  accuser(findings& into, std::uint64_t origin_ns) : into_{into}, origin_ns_{origin_ns} {}
  void accuse(property broken, const record& first, const record& second, const std::string& text);

 private:
  findings& into_;
  std::uint64_t origin_ns_;
};

// The checks. Each adds its violations and figures.
void check_gets(const run_index& run, const rules& with, accuser& into, figures& counted);
void check_leases(const run_index& run, const rules& with, accuser& into, figures& counted);
void check_ends(const run_index& run, const rules& with, accuser& into, figures& counted);
void count_overlaps(const run_index& run, const rules& with, figures& counted);

}  // namespace drover::history
