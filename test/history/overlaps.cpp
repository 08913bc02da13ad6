// SPDX-License-Identifier: MIT
// Counts the overlaps that make a run worth checking: gets and loads with invalidations of their
// key, and gets with faults of each kind.
#include <map>
#include <utility>

#include "history/run_index.hpp"

namespace drover::history {

namespace {

/// The times of the faults of each kind, by the processes that they concern.
class fault_times {
 public:
  explicit fault_times(const run_index& run) : run_{run} {
    for (const record* fault : run.faults) {
      const bool is_of_proxy = (fault->flags & is_proxied) != 0;
      auto& spans = is_of_proxy                  ? of_proxied_[fault->detail]
                    : fault->process == everyone ? of_all_[fault->detail]
                                                 : of_one_[{fault->detail, fault->process}];
      spans.add(fault->begin_ns, fault->last_ns());
    }
    for (auto& [kind, spans] : of_all_) spans.merge();
    for (auto& [kind, spans] : of_proxied_) spans.merge();
    for (auto& [kind, spans] : of_one_) spans.merge();
  }

  /// Counts the get for each kind of fault that touches it. False: none does.
  bool count(const record& get, std::vector<std::uint64_t>& by_kind) const {
    bool is_touched = false;
    const auto add = [&](std::size_t kind, const time_spans& spans) {
      if (!spans.touches(get.begin_ns, get.last_ns())) return;
      is_touched = true;
      if (kind < by_kind.size()) ++by_kind[kind];
    };
    for (const auto& [kind, spans] : of_all_) add(kind, spans);
    if (run_.is_proxied(get.process)) {
      for (const auto& [kind, spans] : of_proxied_) add(kind, spans);
    }
    for (const auto& [kind, spans] : of_one_) {
      if (kind.second == get.process) add(kind.first, spans);
    }
    return is_touched;
  }

 private:
  const run_index& run_;
  std::map<std::uint8_t, time_spans> of_all_;
  std::map<std::uint8_t, time_spans> of_proxied_;
  std::map<std::pair<std::uint8_t, std::uint32_t>, time_spans> of_one_;
};

}  // namespace

void count_overlaps(const run_index& run, const rules& with, figures& counted) {
  counted.faults_by_kind.assign(with.faults.size(), 0);
  counted.gets_by_fault.assign(with.faults.size(), 0);
  for (const record* fault : run.faults) {
    if (fault->detail < with.faults.size()) ++counted.faults_by_kind[fault->detail];
  }
  const fault_times faults{run};
  for (const auto& [key, all] : run.by_key) {
    time_spans invalidations;
    for (const record* one : all) {
      // A span of no length: the end is when it was acknowledged.
      if (one->action == action::invalidate && one->outcome == outcome::done)
        invalidations.add(one->end_ns, one->end_ns);
    }
    invalidations.merge();
    for (const record* one : all) {
      if (one->action != action::get && one->action != action::load) continue;
      const bool is_get = one->action == action::get;
      if (invalidations.touches(one->begin_ns, one->last_ns()))
        ++(is_get ? counted.gets_over_invalidations : counted.loads_over_invalidations);
      if (is_get && faults.count(*one, counted.gets_by_fault)) ++counted.gets_over_faults;
    }
  }
}

}  // namespace drover::history
