// SPDX-License-Identifier: MIT
#include "audit/advice/load_model.hpp"

#include <algorithm>
#include <optional>

namespace drover::audit {
namespace {

/// One key of the modelled cache.
class modelled_key {
 public:
  modelled_key(const cache_settings& settings, const simulate::load_time& load,
               base::seeded_random& random, moment warm_until)
      : settings_{settings}, load_{load}, random_{random}, valid_until_{warm_until} {}

  void invalidate(moment at) {
    settle(at);
    valid_until_ = std::min(valid_until_, at);
    is_discarded_ = running_.has_value();  // its value may be older than the change
  }

  void read(moment at) {
    settle(at);
    if (at < valid_until_) {
      const bool is_early = at >= valid_until_ - settings_.early_refresh && !running_;
      if (is_early && settings_.early_refresh > moment{}) {
        begin_load(at);
        ++count_.early;
      }
      return;
    }
    if (running_ && settings_.has_lease) {
      ++count_.waited;
    } else {
      begin_load(at);
    }
  }

  [[nodiscard]] const predicted_loads& count() const { return count_; }

 private:
  /// Stores the value of a load that has ended.
  void settle(moment now) {
    if (!running_ || now < *running_) return;
    if (!is_discarded_) valid_until_ = *running_ + next_ttl();
    running_.reset();
    is_discarded_ = false;
  }

  void begin_load(moment at) {
    ++count_.loads;
    const moment end = at + load_.draw(std::min(random_.next_unit(), 0.999999));
    // Without a lease several loads run at once. The first that ends makes the key warm.
    if (!running_ || end < *running_) running_ = end;
  }

  [[nodiscard]] moment next_ttl() {
    const double factor = 1 + settings_.jitter * (2 * random_.next_unit() - 1);
    return moment{static_cast<std::int64_t>(static_cast<double>(settings_.ttl.count()) * factor)};
  }

  const cache_settings& settings_;
  const simulate::load_time& load_;
  base::seeded_random& random_;
  moment valid_until_;
  std::optional<moment> running_;  // the end of the load that runs
  bool is_discarded_ = false;
  predicted_loads count_;
};

}  // namespace

predicted_loads& predicted_loads::operator+=(const predicted_loads& other) {
  loads += other.loads;
  early += other.early;
  waited += other.waited;
  return *this;
}

predicted_loads predict(const key_demand& demand, const cache_settings& settings,
                        const simulate::load_time& load, base::seeded_random& random) {
  modelled_key key{settings, load, random, demand.warm_until};
  auto change = demand.invalidations.begin();
  for (const moment at : demand.reads) {
    for (; change != demand.invalidations.end() && *change <= at; ++change) key.invalidate(*change);
    key.read(at);
  }
  return key.count();
}

}  // namespace drover::audit
