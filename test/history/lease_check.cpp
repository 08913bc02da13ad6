// SPDX-License-Identifier: MIT
// S3: the loads of a key under valid leases do not overlap. A load counts as leased when a caller
// got its value from the load or from the stored entry. Refreshes hold only the advisory mark and
// are left out.
//
// The lease counts for less than it surely lasts: it begins with the load, and ends at the first of
//   - half the lease time after its grant, as if it was never renewed;
//   - an invalidation or expiry of the key, also one that may still be repeated;
//   - a fault that may end leases, and its aftermath; a lost connection; the death of the process;
//   - the end of the load.
// Processes behind the fault proxy are left out: their connections are cut at any time.
#include <algorithm>
#include <limits>

#include "history/run_index.hpp"

namespace drover::history {

namespace {

constexpr std::uint64_t ms = 1'000'000;

struct lease_span {
  const record* load = nullptr;
  std::uint64_t granted_ns = 0;  ///< not later than the grant
  std::uint64_t end_ns = 0;
};

class lease_sweep {
 public:
  lease_sweep(const run_index& run, const rules& with, accuser& into, figures& counted)
      : run_{run}, with_{with}, into_{into}, counted_{counted} {}

  void sweep(std::uint32_t key, const std::vector<const record*>& all) {
    count_at_once(all);
    if (cache_of(key) >= with_.caches.size()) return;
    const time_spans enders = ends_of_leases(all);
    std::vector<lease_span> spans = leases(all, enders);
    std::sort(spans.begin(), spans.end(), [](const lease_span& a, const lease_span& b) {
      return a.load->begin_ns < b.load->begin_ns;
    });
    const lease_span* last = nullptr;
    for (const lease_span& span : spans) {
      ++counted_.loads_under_lease;
      if (last != nullptr && last->end_ns > span.load->begin_ns)
        into_.accuse(property::one_load, *last->load, *span.load, "two leases at once");
      if (last == nullptr || span.end_ns > last->end_ns) last = &span;
    }
  }

 private:
  void count_at_once(const std::vector<const record*>& all) {
    std::vector<std::pair<std::uint64_t, int>> edges;
    for (const record* one : all) {
      if (one->action != action::load) continue;
      edges.emplace_back(one->begin_ns, 1);
      edges.emplace_back(std::min(one->last_ns(), run_.death_of(one->process)), -1);
    }
    std::sort(edges.begin(), edges.end());
    std::uint64_t now = 0;
    for (const auto& [at, step] : edges) {
      now = step > 0 ? now + 1 : now - 1;
      counted_.loads_at_once_max = std::max(counted_.loads_at_once_max, now);
    }
  }

  /// The times at which a lease of the key may be ended by a request.
  [[nodiscard]] time_spans ends_of_leases(const std::vector<const record*>& all) const {
    time_spans enders;
    for (const record* one : all) {
      if (one->action != action::invalidate && one->action != action::expire) continue;
      std::uint64_t end = one->last_ns();
      if (one->outcome != outcome::done) end = settled_at(*one, all);
      enders.add(one->begin_ns, end);
    }
    enders.merge();
    return enders;
  }

  /// An invalidation that was not acknowledged is repeated until a later one of the process is.
  [[nodiscard]] std::uint64_t settled_at(const record& unknown,
                                         const std::vector<const record*>& all) const {
    const std::uint64_t death = run_.death_of(unknown.process);
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
    if (death < end) end = death + with_.aftermath_ms * ms;
    for (const record* later : all) {
      if (later->action == action::invalidate && later->process == unknown.process &&
          later->outcome == outcome::done && later->begin_ns > unknown.begin_ns)
        end = std::min(end, later->end_ns);
    }
    return end;
  }

  [[nodiscard]] std::vector<lease_span> leases(const std::vector<const record*>& all,
                                               const time_spans& enders) const {
    std::vector<lease_span> spans;
    for (const record* get : all) {
      if (get->action != action::get || get->outcome != outcome::loaded) continue;
      const record* const load = run_.load_of(get->load_id);
      if (load == nullptr || load->process != get->process || run_.is_proxied(load->process) ||
          (load->flags & is_refresh) != 0)
        continue;
      // The age of the grant at the beginning of the load is in `limit_ms`.
      const std::uint64_t granted = std::min(get->begin_ns, load->begin_ns - load->limit_ms * ms);
      const cache_rules& cache = with_.caches[cache_of(get->key)];
      std::uint64_t end = std::min(
          {granted + cache.lease_ms * ms / 2, load->last_ns(), run_.death_of(load->process)});
      end = enders.first_in(granted, end, end);
      end = run_.lease_faults.first_in(granted, end, end);
      if (const auto at = run_.connections_down.find(load->process);
          at != run_.connections_down.end()) {
        const auto down = std::lower_bound(at->second.begin(), at->second.end(), granted);
        if (down != at->second.end()) end = std::min(end, *down);
      }
      if (end > load->begin_ns) spans.push_back({load, granted, end});
    }
    return spans;
  }

  const run_index& run_;
  const rules& with_;
  accuser& into_;
  figures& counted_;
};

}  // namespace

void check_leases(const run_index& run, const rules& with, accuser& into, figures& counted) {
  for (const auto& [key, all] : run.by_key) lease_sweep{run, with, into, counted}.sweep(key, all);
}

}  // namespace drover::history
