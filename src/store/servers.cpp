// SPDX-License-Identifier: MIT
// The servers of a client, one or many, and what is asked about them.
#include "store/servers.hpp"

#include <algorithm>
#include <utility>

namespace drover::store {
namespace {

using state = connection::reachability::state;

constexpr std::uint64_t node_seed_step = 0x9E37'79B9'7F4A'7C15U;

std::vector<base::host_port> seeds_of(const connection::settings& with) {
  if (!with.at.cluster_seeds.empty()) return with.at.cluster_seeds;
  return {{with.at.host, with.at.port}};
}

/// The settings of the first node to ask.
connection::settings of_first(connection::settings with) {
  with.accepts_cluster = with.at.sentinels.empty();
  if (with.at.cluster_seeds.empty()) return with;
  const base::host_port first = with.at.cluster_seeds.front();
  with.at.cluster_seeds.clear();
  with.at.host = first.host;
  with.at.port = first.port;
  return with;
}

/// The worst state comes last.
int rank_of(state known) noexcept {
  switch (known) {
    case state::unknown: return 0;
    case state::available: return 1;
    case state::refused: return 2;
    case state::away: return 3;
  }
  return 0;
}

}  // namespace

servers::servers(connection::settings with, server_events to, bool keeps_writes,
                 cluster_access nodes)
    : to_{std::move(to)},
      keeps_writes_{keeps_writes},
      access_{std::move(nodes)},
      with_{of_first(with)},
      refresh_{seeds_of(with), access_.refresh, with.seed} {
  const bool is_known_cluster = !with.at.cluster_seeds.empty();
  base::host_port first{with_.at.host, with_.at.port};
  if (is_known_cluster) {
    home_ = node_at(first);
    became_cluster();
  } else {
    home_ = add_node(std::move(first), with_).store.get();
  }
}

servers::~servers() = default;

void servers::close() noexcept {
  {
    const std::scoped_lock lock{mutex_};
    is_closing_ = true;
  }
  // No node is added from now on.
  for (const auto& other : nodes_) other->store->close();
}

events servers::events_of(node& from) {
  return {.up = [this, &from](const connection::greeting& hello) { on_up(from, hello); },
          .down =
              [this, &from](const fault& why) {
                to_.down(*from.store, why);
                on_lost(*from.store);
              },
          .changed = [this](std::string_view value_key) { to_.changed(value_key); },
          .everything_changed = [this, &from] { to_.everything_changed(*from.store); },
          .waking = [this, &from](wake_mode mode) { to_.waking(*from.store, mode); },
          .refused =
              [this, &from](const fault& why) {
                on_lost(*from.store);
                to_.refused(*from.store, why);
              },
          .login_failed =
              [this](const fault& why) {
                if (to_.login_failed) to_.login_failed(why);
              },
          .alarm = [this] { to_.alarm(); }};
}

// Called in the constructor, or under the mutex.
servers::node& servers::add_node(base::host_port announced, connection::settings with) {
  with.seed += node_seed_step * nodes_.size();
  auto fresh = std::make_unique<node>(node{.at = std::move(announced)});
  fresh->store = std::make_unique<redis_store>(std::move(with), events_of(*fresh), keeps_writes_);
  nodes_.push_back(std::move(fresh));
  return *nodes_.back();
}

std::string servers::name_of(const redis_store& on) const {
  return is_cluster() ? describe(address_of(on)) : std::string{};
}

std::vector<redis_store*> servers::in_use() const {
  const slot_owners* const owners = owners_.load(std::memory_order_acquire);
  if (owners == nullptr) return {home_};
  const std::scoped_lock lock{mutex_};
  std::vector<redis_store*> out;
  if (!has_map_) return out;
  for (const auto& other : nodes_) {
    if (owners->has_any(*other->store)) out.push_back(other->store.get());
  }
  return out;
}

void servers::credentials_changed() noexcept {
  const std::scoped_lock lock{mutex_};
  for (const auto& other : nodes_) other->store->credentials_changed();
}

connection::reachability servers::reached() const {
  std::vector<redis_store*> all = in_use();
  if (all.empty()) all.push_back(&at({}));
  connection::reachability worst;
  for (redis_store* const on : all) {
    connection::reachability known = on->reached();
    if (rank_of(known.now) <= rank_of(worst.now)) continue;
    worst = std::move(known);  // its reason names the node
  }
  const std::scoped_lock lock{mutex_};
  if (uncovered() > 0 && worst.now != state::away) {
    worst = {state::away, "no node owns " + std::to_string(uncovered()) + " of the hash slots"};
  }
  if (is_map_refused() && rank_of(worst.now) < rank_of(state::refused)) {
    worst = {state::refused, "the cluster gives no map of its slots: " + no_map_because_.text};
  }
  return worst;
}

state servers::reached_state() const noexcept {
  const slot_owners* const owners = owners_.load(std::memory_order_acquire);
  if (owners == nullptr) return home_->channel().reached_state();
  state worst = state::unknown;
  const std::scoped_lock lock{mutex_};
  if (uncovered() > 0) return state::away;
  for (const auto& other : nodes_) {
    if (!owners->has_any(*other->store)) continue;
    const state known = other->store->channel().reached_state();
    if (rank_of(known) > rank_of(worst)) worst = known;
  }
  const bool is_better = rank_of(worst) < rank_of(state::refused);
  return is_map_refused() && is_better ? state::refused : worst;
}

std::optional<std::string> servers::refused() const {
  if (!is_cluster()) return home_->refused().reason();
  for (const redis_store* const on : in_use()) {
    if (auto reason = on->refused().reason()) return name_of(*on) + ": " + *std::move(reason);
  }
  return std::nullopt;
}

bool servers::is_any_refused() const noexcept {
  const slot_owners* const owners = owners_.load(std::memory_order_acquire);
  if (owners == nullptr) return home_->refused().is_any();
  const std::scoped_lock lock{mutex_};
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& other) {
    return other->store->refused().is_any() && owners->has_any(*other->store);
  });
}

bool servers::verify(const redis_store& on, const wait_limit& within) noexcept {
  redis_store* asked = home_;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& other : nodes_) {
      if (other->store.get() == &on) asked = other->store.get();
    }
  }
  return asked->verify(within);
}

// One in so many ids is in a slot of the server as it has of all slots.
std::string servers::key_at(const redis_store& on, const std::string& id,
                            const std::function<std::string(const std::string& id)>& key_of) {
  std::string key = key_of(id);
  constexpr unsigned tries = 100'000;
  for (unsigned i = 0; i < tries && !is_at(key, on); ++i)
    key = key_of(id + '-' + std::to_string(i));
  return key;
}

}  // namespace drover::store
