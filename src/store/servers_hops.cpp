// SPDX-License-Identifier: MIT
// Where a request goes: to the server of its key, and from there where the server points.
#include <algorithm>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "cluster/redirect.hpp"
#include "store/servers.hpp"

namespace drover::store {
namespace {

using cluster::redirect_kind;

constexpr microseconds pause_before_again{10'000};
/// What a pause costs of `hops_max`: after three of them the request has failed.
constexpr unsigned costs_of_a_pause = 2;

}  // namespace

servers::hop servers::first_hop(std::string_view key) const noexcept {
  const slot_owners* const owners = owners_.load(std::memory_order_acquire);
  if (owners == nullptr) return {.to = home_, .as = addressee::server};
  return {.to = &owners->of_key(key), .as = addressee::owner};
}

std::optional<servers::hop> servers::next_hop(std::string_view key, const hop& asked,
                                              const fault& why, unsigned hops) noexcept {
  if (fork_count() != born_in_) return std::nullopt;  // the lock may be held for ever
  try {
    {
      const std::scoped_lock lock{mutex_};
      if (is_closing_ || hops >= hops_max) return std::nullopt;
    }
    const auto read = cluster::read_redirect(why.text);
    if (!read) {
      // The server is away. Perhaps its slots have another owner by now, or another seed is asked.
      if (why.code != fault_code::unreachable || !is_cluster()) return std::nullopt;
      hop owner = first_hop(key);
      if (owner.to == asked.to) {
        if (!is_looking_for_seeds()) return std::nullopt;
        owner.pause = pause_before_again;
      }
      return owner;
    }
    became_cluster();
    const bool leads_on = read->kind == redirect_kind::moved || read->kind == redirect_kind::ask;
    if (leads_on) {
      const std::uint16_t slot = cluster::slot_of(key);
      if (read->slot != slot) return std::nullopt;
      const base::host_port to = cluster::target_of(*read, address_of(*asked.to));
      const bool has_moved = read->kind == redirect_kind::moved;
      redis_store* const next = has_moved ? learn(slot, to) : node_at(to);
      if (next == nullptr) return std::nullopt;
      return hop{.to = next, .as = has_moved ? addressee::owner : addressee::importer};
    }
    if (read->kind == redirect_kind::cross_slot) return std::nullopt;
    hop again = asked;
    if (read->kind == redirect_kind::cluster_down) {
      want_map(cluster::refresh_reason::uncovered);
      again = first_hop(key);
    } else if (again.as == addressee::server) {
      again.as = addressee::owner;
    }
    again.pause = pause_before_again;
    again.costs = costs_of_a_pause;
    return again;
  } catch (...) {
    return std::nullopt;
  }
}

fault servers::final_fault(const fault& why) {
  const auto read = cluster::read_redirect(why.text);
  const bool leads_on =
      read && (read->kind == redirect_kind::moved || read->kind == redirect_kind::ask);
  if (!leads_on) return why;
  return {fault_code::unreachable,
          "the nodes of the cluster redirect the request without end: " + why.text};
}

// False: the time of the caller is over.
bool servers::pause(microseconds time, const wait_limit& within) {
  if (time.count() == 0) return true;
  if (within.stop.stop_requested()) return false;
  if (within.deadline && now() + time >= *within.deadline) return false;
  std::this_thread::sleep_for(time);
  return true;
}

}  // namespace drover::store
