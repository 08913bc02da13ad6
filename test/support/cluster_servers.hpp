// SPDX-License-Identifier: MIT
// A cluster of real servers on free ports of 127.0.0.1. They stop with this object.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/cluster_view.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

/// A slot on its way from one primary to another.
struct slot_move {
  std::uint16_t slot = 0;
  redis_server* from = nullptr;
  redis_server* to = nullptr;
};

/// Threads: one at a time; make it on a thread that lives as long as it is used.
class cluster_servers {
 public:
  struct options {
    unsigned primaries = 3;
    unsigned replicas_each = 1;
    /// A node that is silent for so long has failed. Too short for a busy machine, and nodes fail
    /// that nobody touched.
    std::chrono::milliseconds node_timeout{2000};
    /// The whole cluster is down while a slot has no owner, as Redis does by default.
    bool needs_all_slots = false;
    std::vector<std::string> arguments{};  ///< more arguments of each server
    std::filesystem::path program{};       ///< the server to run instead of the usual one
    bool tls = false;                      ///< as redis_server::options::tls
  };

  /// Returns when all nodes know each other, all slots have owners and the replicas are in step.
  cluster_servers() : cluster_servers(options{}) {}
  explicit cluster_servers(options with);

  /// "redis+cluster://127.0.0.1:1,127.0.0.1:2,...", with all nodes.
  [[nodiscard]] std::string url() const;

  // --- the state, according to the first node that runs
  [[nodiscard]] cluster_view view();
  [[nodiscard]] cluster_view view_of(const redis_server& node) const;
  /// Throws std::runtime_error if the slot has no owner among `nodes`.
  [[nodiscard]] redis_server& owner_of(std::uint16_t slot);
  /// The owner of the slot of a Redis key; the server says which slot it is.
  [[nodiscard]] redis_server& owner_of(std::string_view redis_key);
  [[nodiscard]] std::uint16_t slot_of(std::string_view redis_key);
  /// A replica of this primary that runs. Throws std::runtime_error if there is none.
  [[nodiscard]] redis_server& replica_of(const redis_server& primary);
  [[nodiscard]] std::string id_of(const redis_server& node) const;
  /// True when the nodes that run agree on owners and roles, and all slots have an owner that runs.
  [[nodiscard]] bool is_settled();
  void await_settled();

  // --- faults
  void kill9(redis_server& node);
  void freeze(redis_server& node);  ///< it hangs, and its connections stay open
  void thaw(redis_server& node);
  void restart(redis_server& node);  ///< with its id and its address, and without data

  // --- failover by hand
  enum class failover { agreed, forced, taken_over };
  /// The replica becomes the primary, in agreement with the primary, without it, or without asking
  /// anybody. It is over when `owner_of` a slot of its is this node.
  void fail_over_to(redis_server& replica, failover how = failover::agreed);

  // --- resharding, in its phases
  /// The target accepts the slots and the source redirects to it for missing keys (ASK).
  void begin_moves(const std::vector<slot_move>& moves);
  /// Moves up to `keys_max` keys of each slot. Returns how many were moved.
  std::size_t move_keys(const std::vector<slot_move>& moves, std::size_t keys_max);
  /// The target owns the slots. Throws if keys are left at the source.
  void end_moves(const std::vector<slot_move>& moves);
  /// All phases.
  void move_slots(const std::vector<slot_move>& moves);
  /// The moves of the first `count` slots of `from`.
  [[nodiscard]] std::vector<slot_move> moves_between(redis_server& from, redis_server& to,
                                                     std::size_t count);

  // --- more and fewer nodes
  /// A primary without slots that all nodes know.
  redis_server& add_node();
  /// Stops the node, and lets all others forget it. It has no slots. The reference ends.
  void remove_node(redis_server& node);

  std::vector<std::unique_ptr<redis_server>> nodes;  ///< the first ones are the first primaries

 private:
  [[nodiscard]] redis_server::options server_options(std::uint16_t bus_port) const;
  redis_server& start_node();
  void introduce(const redis_server& newcomer);
  void await_acquaintance();
  [[nodiscard]] bool runs(const redis_server& node) const;
  [[nodiscard]] redis_server& node_at(std::uint16_t port) const;
  [[nodiscard]] redis_server& any_running() const;

  options with_;
  std::vector<std::pair<const redis_server*, std::uint16_t>> bus_ports_;
  std::vector<const redis_server*> frozen_;
};

}  // namespace drover::test
