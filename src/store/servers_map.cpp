// SPDX-License-Identifier: MIT
// The nodes of a cluster: how they become known, and which of them has which slot.
#include <algorithm>
#include <new>
#include <utility>

#include "cluster/map_reply.hpp"
#include "resp/writer.hpp"
#include "store/servers.hpp"

namespace drover::store {

using cluster::refresh_reason;

void servers::became_cluster() {
  const std::scoped_lock lock{mutex_};
  if (table_ != nullptr) return;
  table_ = std::make_unique<slot_owners>(*home_);
  owners_.store(table_.get(), std::memory_order_release);
}

base::host_port servers::address_of(const redis_store& on) const {
  const std::scoped_lock lock{mutex_};
  const auto at = std::find_if(nodes_.begin(), nodes_.end(),
                               [&](const auto& other) { return other->store.get() == &on; });
  return at == nodes_.end() ? base::host_port{} : (*at)->at;
}

// Nullptr: the client ends, or has met too many addresses. The user's function and the work of TLS
// run outside the lock.
redis_store* servers::node_at(const base::host_port& announced) {
  const auto known = [&]() -> redis_store* {
    for (const auto& other : nodes_) {
      if (other->at == announced) return other->store.get();
    }
    return nullptr;
  };
  {
    const std::scoped_lock lock{mutex_};
    if (redis_store* const found = known()) return found;
    if (is_closing_ || nodes_.size() >= nodes_max) return nullptr;
  }
  const base::host_port where = access_.address ? access_.address(announced) : announced;
  connection::settings with = with_;
  with.at.path.clear();
  with.at.host = where.host;
  with.at.port = where.port;
  const std::scoped_lock lock{mutex_};
  if (redis_store* const found = known()) return found;
  if (is_closing_ || nodes_.size() >= nodes_max) return nullptr;
  return add_node(announced, std::move(with)).store.get();
}

void servers::on_up(node& from, const connection::greeting& hello) {
  to_.up(*from.store, hello);
  if (!hello.is_in_cluster) return;
  became_cluster();
  std::optional<base::host_port> asked;
  {
    const std::scoped_lock lock{mutex_};
    if (has_map_ || refresh_.is_asking()) return;
    // This node is connected, so ask it rather than another one.
    std::vector<base::host_port> others;
    for (const auto& other : nodes_) {
      if (other.get() != &from) others.push_back(other->at);
    }
    refresh_.want(refresh_reason::start, now());
    asked = refresh_.begin(now(), others);
  }
  if (asked) return ask_for_map(*asked);
  arm_refresh();
}

// The node may have been replaced, or another seed must be asked.
void servers::on_lost(const redis_store& on) noexcept {
  const slot_owners* const owners = owners_.load(std::memory_order_acquire);
  if (owners != nullptr && owners->has_any(on)) want_map(refresh_reason::node_away);
}

redis_store* servers::learn(std::uint16_t slot, const base::host_port& owner) {
  redis_store* const to = node_at(owner);
  if (to == nullptr) return nullptr;
  const cluster::slot_set moved = cluster::slot_set{}.set(slot);
  if (&table_->of(slot) != to && to_.moving) to_.moving(moved);
  bool is_news = false;
  {
    const std::scoped_lock lock{mutex_};
    map_.move(slot, owner);
    is_news = table_->set(slot, *to);
  }
  if (is_news) to_.moved(moved);
  want_map(refresh_reason::moved);
  return to;
}

void servers::want_map(refresh_reason why) noexcept {
  {
    const std::scoped_lock lock{mutex_};
    refresh_.want(has_map_ ? why : refresh_reason::start, now());
  }
  arm_refresh();
}

void servers::arm_refresh() noexcept {
  try {
    std::optional<steady_time> due;
    {
      const std::scoped_lock lock{mutex_};
      due = refresh_.due();
      if (!due || *due >= armed_for_ || is_closing_) return;
      armed_for_ = *due;
    }
    home_->channel().schedule(*due, [this] { refresh_map(); });
  } catch (const std::bad_alloc&) {
    const std::scoped_lock lock{mutex_};
    armed_for_ = steady_time::max();  // the next event arms it
  }
}

// Those that are away, and the replicas, which need no connection otherwise.
std::vector<base::host_port> servers::last_to_ask() const {
  std::vector<base::host_port> last = map_.replicas();
  for (const auto& other : nodes_) {
    if (!other->store->is_available()) last.push_back(other->at);
  }
  return last;
}

void servers::refresh_map() noexcept {
  try {
    std::optional<base::host_port> asked;
    {
      const std::scoped_lock lock{mutex_};
      armed_for_ = steady_time::max();
      if (is_closing_) return;
      asked = refresh_.begin(now(), last_to_ask());
    }
    if (asked) return ask_for_map(*asked);
  } catch (const std::bad_alloc&) {
    // It is still due.
  }
  arm_refresh();
}

void servers::ask_for_map(const base::host_port& at) noexcept {
  try {
    redis_store* const on = node_at(at);
    if (on == nullptr) return no_map({fault_code::overloaded, "too many nodes"});
    {
      // Before the map is known, requests go to the node that is asked for it, except those for
      // slots whose owner a redirect has named.
      const std::scoped_lock lock{mutex_};
      for (std::uint16_t slot = 0; !has_map_ && slot < cluster::slot_count; ++slot) {
        const bool is_learned = map_.owner_of(slot) != nullptr && table_->of(slot).is_available();
        if (!is_learned) table_->set(slot, *on);
      }
    }
    ask_for_map(*on, at, false);
  } catch (...) {
    no_map(out_of_memory());
  }
}

void servers::ask_for_map(redis_store& on, const base::host_port& at, bool by_slots) {
  std::string request;
  resp::write_command(request, {"CLUSTER", by_slots ? "SLOTS" : "SHARDS"});
  on.channel().post(std::move(request), 1,
                    [this, &on, at, by_slots](const result<std::vector<resp::message>>& got) {
                      try {
                        if (!got) return no_map(got.error());
                        if (got->front().empty())
                          return no_map({fault_code::corrupt, "the reply is too long"});
                        const resp::view reply = got->front().root();
                        if (reply.is_error() && !by_slots) return ask_for_map(on, at, true);
                        const cluster::map_source source{.asked = at, .tls = with_.tls != nullptr};
                        const auto map = by_slots ? cluster::read_cluster_slots(reply, source)
                                                  : cluster::read_cluster_shards(reply, source);
                        if (!map) return no_map(map.error());
                        install(*map);
                      } catch (...) {
                        no_map(out_of_memory());
                      }
                    });
}

void servers::no_map(const fault& why) noexcept {
  {
    const std::scoped_lock lock{mutex_};
    try {
      no_map_because_ = why;
    } catch (...) {
      no_map_because_.text.clear();
    }
    if (refresh_.is_asking()) refresh_.failed(now());
  }
  arm_refresh();  // the next seed
  try {
    if (const auto refusal = map_refusal()) to_.refused(*home_, *refusal);
  } catch (...) {
    // The next one is reported.
  }
}

bool servers::is_looking_for_seeds() const noexcept {
  const std::scoped_lock lock{mutex_};
  if (has_map_) return false;
  const auto due = refresh_.due();
  return refresh_.is_asking() || (due && *due <= now());
}

std::optional<fault> servers::map_refusal() const {
  const std::scoped_lock lock{mutex_};
  if (!is_map_refused()) return std::nullopt;
  return no_map_because_;
}

void servers::install(const cluster::slot_map& map) {
  // Stores are made outside the lock.
  std::vector<std::pair<const cluster::node*, redis_store*>> stores;
  for (const cluster::node& primary : map.primaries()) {
    stores.emplace_back(&primary, node_at(primary.at));
  }
  const auto store_of = [&](std::uint16_t slot) -> redis_store* {
    const cluster::node* const owner = map.owner_of(slot);
    if (owner == nullptr) return nullptr;  // nothing better than the former owner is known
    return std::find_if(stores.begin(), stores.end(),
                        [&](const auto& one) { return one.first == owner; })
        ->second;
  };
  cluster::slot_set moved;
  {
    const std::scoped_lock lock{mutex_};
    if (!refresh_.is_asking()) return;
    refresh_.answered(map);
    if (has_map_) moved = cluster::moved_slots(map_, map);
    for (std::uint16_t slot = 0; slot < cluster::slot_count; ++slot) {
      const redis_store* const owner = store_of(slot);
      moved[slot] = owner != nullptr && (moved[slot] || &table_->of(slot) != owner);
    }
  }
  if (moved.any() && to_.moving) to_.moving(moved);
  {
    const std::scoped_lock lock{mutex_};
    for (std::uint16_t slot = 0; slot < cluster::slot_count; ++slot) {
      redis_store* const owner = store_of(slot);
      if (owner != nullptr && table_->set(slot, *owner)) moved.set(slot);
    }
    map_ = map;
    has_map_ = true;
    const bool is_whole =
        map.is_complete() && std::none_of(map.primaries().begin(), map.primaries().end(),
                                          [](const cluster::node& one) { return one.has_failed; });
    if (!is_whole) refresh_.want(refresh_reason::uncovered, now());
  }
  rest_others();
  arm_refresh();
  if (moved.any()) to_.moved(moved);
}

// Nodes without slots need no connection. They keep it while they are asked something.
void servers::rest_others() noexcept {
  const std::scoped_lock lock{mutex_};
  for (const auto& other : nodes_) {
    if (!table_->has_any(*other->store)) other->store->rest();
  }
}

}  // namespace drover::store
