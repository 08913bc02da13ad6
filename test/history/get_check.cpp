// SPDX-License-Identifier: MIT
// The properties of single gets: identity, upper bound, S1, S2, bypassed values and convergence.
// One sweep over the records of each key, in the order of time.
#include <algorithm>
#include <map>

#include "history/run_index.hpp"

namespace drover::history {

namespace {

/// The newest version that was invalidated with an acknowledgement, and the proof.
struct version_floor {
  std::uint32_t version = 0;
  const record* proof = nullptr;

  void raise(const record& invalidated) {
    if (proof != nullptr && invalidated.version <= version) return;
    version = invalidated.version;
    proof = &invalidated;
  }
  [[nodiscard]] bool is_above(const record& got) const {
    return proof != nullptr && got.version < version;
  }
};

class key_sweep {
 public:
  key_sweep(const run_index& run, const rules& with, accuser& into, figures& counted)
      : run_{run}, with_{with}, into_{into}, counted_{counted} {}

  void sweep(const std::vector<const record*>& all) {
    collect(all);
    std::vector<const record*> order;
    for (const record* one : all) {
      const bool is_acknowledged =
          one->action == action::invalidate && one->outcome == outcome::done;
      if (is_acknowledged || one->action == action::get) order.push_back(one);
    }
    for (const record* fault : run_.faults) {
      if (fault->detail < with_.faults.size() && with_.faults[fault->detail].brings_back)
        order.push_back(fault);
    }
    std::sort(order.begin(), order.end(),
              [](const record* a, const record* b) { return moment_of(*a) < moment_of(*b); });
    for (const record* one : order) {
      if (one->action == action::get) {
        got(*one);
      } else if (one->action == action::fault) {
        stale_floor_ = {};
      } else {
        floor_.raise(*one);
        stale_floor_.raise(*one);
        floor_of_[one->process].raise(*one);
      }
    }
  }

 private:
  static std::uint64_t moment_of(const record& one) {
    return one.action == action::get ? one.begin_ns : one.last_ns();
  }

  void collect(const std::vector<const record*>& all) {
    for (const record* one : all) {
      if (one->action == action::write) {
        ++counted_.writes;
        if (one->has_ended()) {
          written_[one->version] = one;
          const bool is_late = with_.settled_ns != 0 && one->end_ns > with_.settled_ns;
          if (!is_late && (newest_ == nullptr || one->version > newest_->version)) newest_ = one;
        } else {
          open_writes_.push_back(one);
        }
      } else if (one->action == action::invalidate) {
        ++(one->outcome == outcome::done ? counted_.invalidations : counted_.invalidations_unknown);
      } else if (one->action == action::load) {
        ++counted_.loads;
      } else if (one->action == action::get && one->load_id != 0) {
        const record* const load = run_.load_of(one->load_id);
        if (load == nullptr || load->process != one->process || one->begin_ns > load->end_ns)
          continue;
        std::uint64_t& answered = answered_ns_[one->load_id];
        answered = std::max(answered, one->end_ns);
      }
    }
  }

  void got(const record& get) {
    ++counted_.gets;
    ++counted_.gets_by_outcome[static_cast<std::size_t>(get.outcome)];
    if (!get.has_ended()) return;
    const std::uint64_t took_ms = (get.end_ns - get.begin_ns) / 1'000'000;
    counted_.get_max_ms = std::max(counted_.get_max_ms, took_ms);
    if (get.limit_ms != 0 && took_ms > get.limit_ms && !run_.is_stopped(get))
      counted_.past_deadline_max_ms =
          std::max(counted_.past_deadline_max_ms, took_ms - get.limit_ms);
    if (get.outcome == outcome::mixed_up) {
      const record* const load = run_.load_of(get.load_id);
      into_.accuse(property::identity, load != nullptr ? *load : get, get,
                   "the value is not one of this key");
    }
    if (get.outcome < outcome::fresh || get.outcome > outcome::bypassed) return;
    check_identity(get);
    check_written(get);
    check_floor(get);
    check_settled(get);
  }

  void check_identity(const record& get) {
    if (get.load_id == 0) return;
    const record* const load = run_.load_of(get.load_id);
    if (load == nullptr) {
      into_.accuse(property::identity, get, get, "the load of the value did not run");
      return;
    }
    if (load->key != get.key || load->version != get.version)
      into_.accuse(property::identity, *load, get, "the load brought another value");
    if (load->begin_ns > get.end_ns || (load->has_ended() && load->end_ns > get.end_ns))
      into_.accuse(property::not_written, *load, get, "the load ended after the get");
    if (get.outcome == outcome::bypassed) check_bypassed(*load, get);
    if (get.outcome == outcome::stale) check_age(*load, get);
  }

  // Callers may join between the return of the loader and the moment at which the waiting callers
  // get its value. A caller that began before the load ended shows when that moment had come.
  void check_bypassed(const record& load, const record& get) {
    if (!load.has_ended() || get.begin_ns <= load.end_ns) return;
    const auto answered = answered_ns_.find(load.load_id);
    if (answered != answered_ns_.end() && answered->second < get.begin_ns)
      into_.accuse(property::bypassed, load, get, "the load ended before the get began");
  }

  // A fault between the load and the get may have delayed the fill, and so the beginning of the
  // ttl.
  void check_age(const record& load, const record& get) {
    if (cache_of(get.key) >= with_.caches.size() || get.begin_ns < load.begin_ns) return;
    const cache_rules& cache = with_.caches[cache_of(get.key)];
    const std::uint64_t age_ns = get.begin_ns - load.begin_ns;
    const std::uint64_t served_ns = (cache.ttl_ms + cache.grace_ms) * 1'000'000;
    if (age_ns <= served_ns) return;
    counted_.stale_age_max_ms =
        std::max(counted_.stale_age_max_ms, (age_ns - served_ns) / 1'000'000);
    const std::uint64_t slack_ns =
        with_.stale_slack_ms * 1'000'000 + run_.all_faults.covered_ns(load.begin_ns, get.begin_ns);
    if (age_ns > served_ns + slack_ns)
      into_.accuse(property::stale, load, get, "older than ttl and grace");
  }

  void check_written(const record& get) {
    if (get.version == 0) return;
    const auto at = written_.find(get.version);
    if (at != written_.end()) {
      if (at->second->begin_ns > get.end_ns)
        into_.accuse(property::not_written, *at->second, get, "the version was not yet written");
      return;
    }
    // The process may have been killed between the write and its record.
    const bool may_be_open =
        std::any_of(open_writes_.begin(), open_writes_.end(),
                    [&](const record* write) { return write->begin_ns <= get.end_ns; });
    if (!may_be_open)
      into_.accuse(property::not_written, get, get, "the version was never written");
  }

  void check_floor(const record& get) {
    switch (get.outcome) {
      case outcome::stale:
        if (stale_floor_.is_above(get))
          into_.accuse(property::stale, *stale_floor_.proof, get,
                       "older than an acknowledged invalidation");
        return;
      case outcome::bypassed: {
        if (floor_.is_above(get)) ++counted_.bypassed_older;
        // The load did not ask Redis, and knows only the invalidations of its own process.
        const version_floor& own = floor_of_[get.process];
        if (own.is_above(get))
          into_.accuse(property::fresh, *own.proof, get,
                       "bypassed, and older than an invalidation of its own process");
        return;
      }
      default:
        if (floor_.is_above(get))
          into_.accuse(property::fresh, *floor_.proof, get,
                       "older than an acknowledged invalidation");
    }
  }

  void check_settled(const record& get) {
    if (with_.settled_ns == 0 || get.begin_ns < with_.settled_ns) return;
    ++counted_.settled_gets;
    if (newest_ != nullptr && get.version < newest_->version)
      into_.accuse(property::converged, *newest_, get, "not the newest version");
  }

  const run_index& run_;
  const rules& with_;
  accuser& into_;
  figures& counted_;
  std::map<std::uint32_t, const record*> written_;
  std::vector<const record*> open_writes_;
  const record* newest_ = nullptr;
  /// By load: when all callers that began before its end had its value.
  std::map<std::uint64_t, std::uint64_t> answered_ns_;
  version_floor floor_;
  version_floor stale_floor_;  ///< without what a restored server may have forgotten
  std::map<std::uint32_t, version_floor> floor_of_;
};

}  // namespace

void check_gets(const run_index& run, const rules& with, accuser& into, figures& counted) {
  for (const auto& [key, all] : run.by_key) key_sweep{run, with, into, counted}.sweep(all);
}

}  // namespace drover::history
