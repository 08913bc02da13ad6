// SPDX-License-Identifier: MIT
#include "cluster/map_refresh.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace drover::cluster {
namespace {

// So many doublings reach every `failed_max`.
constexpr unsigned doublings_max = 10;

template <class List>
bool holds(const List& list, const base::host_port& at) noexcept {
  return std::find(list.begin(), list.end(), at) != list.end();
}

}  // namespace

map_refresh::map_refresh(std::vector<base::host_port> seeds, pauses within, std::uint64_t seed)
    : within_{within}, seeds_{std::move(seeds)}, random_{seed} {}

microseconds map_refresh::spread(microseconds most) noexcept {
  return microseconds{
      static_cast<microseconds::rep>(static_cast<double>(most.count()) * random_.next_unit())};
}

void map_refresh::want(refresh_reason why, steady_time now) noexcept {
  if (is_asking_) {
    is_wanted_again_ = true;
    return;
  }
  if (due_) return;
  const microseconds wait =
      why == refresh_reason::start ? microseconds{0} : spread(within_.spread_max);
  due_ = std::max(now + wait, next_begin_);
}

std::optional<steady_time> map_refresh::due() const noexcept {
  return is_asking_ ? std::nullopt : due_;
}

std::vector<base::host_port> map_refresh::nodes_to_ask(std::span<const base::host_port> away) {
  std::vector<base::host_port> nodes;
  std::vector<base::host_port> last;
  const auto take = [&](const std::vector<base::host_port>& from) {
    if (from.empty()) return;
    const std::size_t first = random_.next() % from.size();
    const std::size_t enough = nodes.size() + asked_max / 2;
    for (std::size_t i = 0; i < from.size() && nodes.size() < enough; ++i) {
      const base::host_port& at = from[(first + i) % from.size()];
      if (holds(nodes, at) || holds(last, at)) continue;
      (holds(away, at) ? last : nodes).push_back(at);
    }
  };
  take(known_);
  take(seeds_);
  nodes.insert(nodes.end(), last.begin(), last.end());
  if (nodes.size() > asked_max) nodes.resize(asked_max);
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

std::optional<base::host_port> map_refresh::begin(steady_time now,
                                                  std::span<const base::host_port> away) {
  if (is_asking_ || !due_ || now < *due_) return std::nullopt;
  if (to_ask_.empty()) {
    to_ask_ = nodes_to_ask(away);
    if (to_ask_.empty()) return std::nullopt;
    next_begin_ = now + within_.apart_min + spread(within_.apart_min / 4);
  }
  due_.reset();
  is_asking_ = true;
  base::host_port node = std::move(to_ask_.back());
  to_ask_.pop_back();
  return node;
}

void map_refresh::answered(const slot_map& map) {
  DROVER_ASSERT(is_asking_);
  is_asking_ = false;
  has_map_ = true;
  failures_ = 0;
  to_ask_.clear();
  if (std::exchange(is_wanted_again_, false)) due_ = next_begin_;
  std::vector<base::host_port> known;
  known.reserve(map.primaries().size() + map.replicas().size());
  for (const node& primary : map.primaries()) known.push_back(primary.at);
  known.insert(known.end(), map.replicas().begin(), map.replicas().end());
  known_ = std::move(known);
}

void map_refresh::failed(steady_time now) noexcept {
  DROVER_ASSERT(is_asking_);
  is_asking_ = false;
  if (!to_ask_.empty()) {
    due_ = now;
    return;
  }
  is_wanted_again_ = false;
  const milliseconds shortest = has_map_ ? within_.apart_min : within_.start_min;
  const milliseconds longest = has_map_ ? within_.failed_max : within_.apart_min;
  const microseconds pause =
      std::min(microseconds{shortest} * (std::int64_t{1} << failures_), microseconds{longest});
  failures_ = std::min(failures_ + 1, doublings_max);
  due_ = next_begin_ = now + pause + spread(pause / 4);
}

}  // namespace drover::cluster
