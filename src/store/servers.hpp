// SPDX-License-Identifier: MIT
// The servers of one client, as the cache uses them: each request names a key and goes to the
// server of that key. All keys of one request belong to one key of the user, so they share a
// server.
//
// There is one server, or the primaries of a cluster. A cluster is known by its URL, by the
// greeting of a server, or by a redirect. Each node has a store of its own, with its connection,
// clock, tracking, scripts and breaker, so a node that is away costs only its own slots. A store
// remains until the client ends; that of a node without slots has no connection.
//
// Redirects are followed here: MOVED changes the owner of the slot at once and asks for the map;
// after ASK the request is sent once more with ASKING; after TRYAGAIN and CLUSTERDOWN it is sent
// again after a short pause. A request is sent at most `hops_max` times more.
//
// Threads: every member from any thread. Completions and events run as those of `redis_store`.
// Memory:  as for `redis_store`.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/host_port.hpp"
#include "base/time.hpp"
#include "cluster/map_refresh.hpp"
#include "cluster/slot_map.hpp"
#include "store/redis_store.hpp"
#include "store/slot_owners.hpp"

namespace drover::store {

/// The events of the servers; `on` is the server that they happened at.
struct server_events {
  std::function<void(const redis_store& on, const connection::greeting&)> up;
  std::function<void(const redis_store& on, const fault&)> down;
  std::function<void(std::string_view value_key)> changed;
  std::function<void(const redis_store& on)> everything_changed;
  std::function<void(const redis_store& on, wake_mode)> waking;
  std::function<void(const redis_store& on, const fault&)> refused;
  std::function<void(const fault&)> login_failed{};
  std::function<void()> alarm;
  /// These slots of a cluster are about to have another server, which may lack the last writes. No
  /// request goes there before this function has returned.
  std::function<void(const cluster::slot_set&)> moving{};
  /// These slots have another server now.
  std::function<void(const cluster::slot_set&)> moved{};
};

/// How a client treats the nodes of a cluster.
struct cluster_access {
  /// The address to connect to for the one that a node announces. May be empty.
  std::function<base::host_port(const base::host_port& announced)> address{};
  cluster::map_refresh::pauses refresh{};
};

/// A reply of LEASE and the server that sent it.
struct leased {
  lease::lease_reply reply;
  const redis_store* by = nullptr;
  bool is_tracked = true;  ///< false: no push will say that the key has changed
};

/// A stored entry and the server that has it.
struct found {
  std::optional<std::string> entry;
  const redis_store* by = nullptr;
};

class servers {
 public:
  /// `keeps_writes`: see `redis_store`.
  servers(connection::settings with, server_events to, bool keeps_writes,
          cluster_access nodes = {});
  ~servers();
  servers(const servers&) = delete;
  servers& operator=(const servers&) = delete;

  /// Ends all requests and events. No call may be in progress. Afterwards requests fault.
  void close() noexcept;

  /// The server of a key. It lives as long as this object.
  [[nodiscard]] redis_store& at(std::string_view key) const noexcept {
    const slot_owners* const owners = owners_.load(std::memory_order_acquire);
    return owners == nullptr ? *home_ : owners->of_key(key);
  }
  /// Whether this server has the key.
  [[nodiscard]] bool is_at(std::string_view key, const redis_store& on) const noexcept {
    return &at(key) == &on;
  }
  /// The server whose service thread runs the timers and the alarm.
  [[nodiscard]] redis_store& home() noexcept { return *home_; }
  /// As `redis_store::verify`.
  [[nodiscard]] bool verify(const redis_store& on, const wait_limit& within) noexcept;
  [[nodiscard]] bool is_cluster() const noexcept {
    return owners_.load(std::memory_order_acquire) != nullptr;
  }
  /// The name of a server for people. Empty when there is one server.
  [[nodiscard]] std::string name_of(const redis_store& on) const;
  /// The servers that have keys: the only one, or the primaries of a cluster. Empty while the map
  /// of the cluster is not known. Throws std::bad_alloc.
  [[nodiscard]] std::vector<redis_store*> in_use() const;
  /// See `channel::credentials_changed`.
  void credentials_changed() noexcept;
  /// Why the map of the cluster is not known, if a node has refused it. Throws std::bad_alloc.
  [[nodiscard]] std::optional<fault> map_refusal() const;
  /// The state of all servers in use: that of the worst one. A cluster in which a slot has no owner
  /// is away; one that gives no map is `refused`. Not in a fork. Throws std::bad_alloc.
  [[nodiscard]] connection::reachability reached() const;
  /// As `reached`, without the reason: needs no memory.
  [[nodiscard]] connection::reachability::state reached_state() const noexcept;
  /// A request that one of the servers refuses this client. Throws std::bad_alloc.
  [[nodiscard]] std::optional<std::string> refused() const;
  [[nodiscard]] bool is_any_refused() const noexcept;

  [[nodiscard]] bool is_available(std::string_view key) noexcept { return at(key).is_available(); }

  /// A key that the server `on` has, made by `key_of` from an id that begins with `id` and consists
  /// of letters, digits and '-'.
  [[nodiscard]] std::string key_at(const redis_store& on, const std::string& id,
                                   const std::function<std::string(const std::string& id)>& key_of);

  // The requests of `redis_store`, for the server of their key.
  [[nodiscard]] redis_store::looked_up get(std::string_view value_key, const wait_limit& within);
  [[nodiscard]] result<void> invalidate(std::span<const std::string> keys);
  [[nodiscard]] result<void> expire(std::span<const std::string> value_keys,
                                    std::span<const std::string> refresh_mark_keys,
                                    const entry::token_source& new_token);
  void look_up_later(std::string_view value_key, then<found> done);
  void mark_uncacheable(std::string_view value_key, const entry::token& held, milliseconds ttl,
                        std::string_view wake_channel, then<lease::step_reply> done);
  void lease(const lease::lease_request& request, then<leased> done);
  void renew(std::string_view value_key, const entry::token& held, milliseconds lease_ttl,
             then<lease::step_reply> done);
  void promote(std::string_view value_key, const entry::token& base, const entry::token& held,
               milliseconds lease_ttl, milliseconds pending_ttl, then<lease::step_reply> done);
  /// Describes a fill for the server that gets it. The views are valid as long as the function.
  using fill_for = std::function<lease::fill_request(const redis_store& on)>;
  void fill(std::string_view value_key, fill_for describe, then<lease::fill_reply> done);
  void fail(const lease::failure_request& request);
  void release(std::string_view value_key, const entry::token& held, std::string_view wake_channel,
               then<lease::step_reply> done);
  void take_refresh_mark(std::string_view refresh_mark_key, std::string_view value_key,
                         const entry::token& attempt, milliseconds lease_ttl,
                         then<lease::refresh_mark_reply> done);
  void extend_refresh_mark(std::string_view refresh_mark_key, const entry::token& held,
                           milliseconds ttl);
  void release_refresh_mark(std::string_view refresh_mark_key, const entry::token& held);
  void invalidate_later(std::span<const std::string> keys, then<bool> done);

  /// Which of the clients are connected, see `redis_store::holders`. The own clients are not asked
  /// for; they count as connected.
  void holders(std::span<const std::uint64_t> client_ids, then<std::vector<std::uint64_t>> done);

 private:
  static constexpr unsigned hops_max = 5;
  static constexpr std::size_t nodes_max = 1024;

  struct node {
    base::host_port at;  ///< as announced
    std::unique_ptr<redis_store> store{};
  };
  /// Where a request goes next, and after which pause.
  struct hop {
    redis_store* to = nullptr;
    addressee as = addressee::server;
    microseconds pause{};
    unsigned costs = 1;
  };
  /// Sends a request to a server. It is called again if the request belongs to another server.
  template <class Reply>
  using sender = std::function<void(redis_store& on, addressee as, then<Reply> done)>;
  template <class Reply>
  struct routed;

  // Requests.
  [[nodiscard]] hop first_hop(std::string_view key) const noexcept;
  [[nodiscard]] std::optional<hop> next_hop(std::string_view key, const hop& asked,
                                            const fault& why, unsigned hops) noexcept;
  /// A redirect that leads nowhere counts as a server that is away.
  [[nodiscard]] static fault final_fault(const fault& why);
  template <class Reply>
  void route(std::string_view key, sender<Reply> send, then<Reply> done);
  template <class Reply>
  void send_to(const hop& where, std::shared_ptr<routed<Reply>> request);
  template <class Reply>
  void send_after_pause(const hop& where, std::shared_ptr<routed<Reply>> request) noexcept;
  template <class Ask>
  [[nodiscard]] result<void> ask_in_turn(std::string_view key, const Ask& ask);
  [[nodiscard]] static bool pause(microseconds time, const wait_limit& within);

  // Nodes.
  [[nodiscard]] events events_of(node& from);
  [[nodiscard]] node& add_node(base::host_port announced, connection::settings with);
  [[nodiscard]] redis_store* node_at(const base::host_port& announced);
  [[nodiscard]] base::host_port address_of(const redis_store& on) const;
  void became_cluster();
  void on_up(node& from, const connection::greeting& hello);
  void on_lost(const redis_store& on) noexcept;

  // The map of the slots.
  [[nodiscard]] redis_store* learn(std::uint16_t slot, const base::host_port& owner);
  void want_map(cluster::refresh_reason why) noexcept;
  void arm_refresh() noexcept;
  void refresh_map() noexcept;
  void ask_for_map(const base::host_port& at) noexcept;
  void ask_for_map(redis_store& on, const base::host_port& at, bool by_slots);
  void no_map(const fault& why) noexcept;
  /// No node has given the map yet, and another seed is asked now.
  [[nodiscard]] bool is_looking_for_seeds() const noexcept;
  /// The number of slots that no node owns. Called under the mutex.
  [[nodiscard]] std::size_t uncovered() const noexcept {
    return has_map_ ? cluster::slot_count - map_.covered() : 0;
  }
  /// A node has refused to give the map, and no other has given it. Called under the mutex.
  [[nodiscard]] bool is_map_refused() const noexcept {
    return !has_map_ && no_map_because_.code == fault_code::unsupported &&
           !no_map_because_.text.empty();
  }
  void install(const cluster::slot_map& map);
  void rest_others() noexcept;
  [[nodiscard]] std::vector<base::host_port> last_to_ask() const;

  const std::uint32_t born_in_ = fork_count();
  server_events to_;
  const bool keeps_writes_;
  const cluster_access access_;
  connection::settings with_;                  ///< of every node, except for its address
  std::atomic<slot_owners*> owners_{nullptr};  ///< null while there is one server
  redis_store* home_ = nullptr;

  mutable std::mutex mutex_;  // guards the members below
  bool is_closing_ = false;
  std::vector<std::unique_ptr<node>> nodes_;  ///< the first one is that of `home_`; only grows
  std::unique_ptr<slot_owners> table_;        ///< `owners_` points to it
  cluster::map_refresh refresh_;
  cluster::slot_map map_;
  bool has_map_ = false;
  fault no_map_because_;  ///< why the last node gave no map
  steady_time armed_for_ = steady_time::max();
};

}  // namespace drover::store
