// SPDX-License-Identifier: MIT
// Decides which faults are injected. Given the same script and seed, the same requests on the same
// connections get the same faults. Pure: time is an argument.
//
// Draws depend on the numbers of the connection and of the request in it, so that the interleaving
// of connections does not matter for them. It matters for `nth`, `every` and `limit`, which count
// over all connections, unless the script says per=connection.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

/// One request of a client.
struct request_facts {
  /// Counted from 1.
  std::uint64_t connection = 1;
  /// Within the connection, counted from 1.
  std::uint64_t request = 1;
  /// In upper case: the command, and with its subcommand, such as CONFIG and CONFIG GET.
  std::string_view command;
  std::string_view full_command;
  std::span<const std::string_view> keys;
  /// Since the start of the proxy.
  microseconds at{0};
};

/// A fault of a request that is combined with others.
struct decided_delay {
  std::size_t spec = 0;
  microseconds time{0};
};

struct request_decision {
  /// Of the reply.
  std::vector<decided_delay> delays;
  std::vector<decided_delay> request_delays;
  /// Indexes of specs.
  std::vector<std::size_t> pushes;
  std::optional<std::size_t> slices;
  std::optional<std::size_t> fate;
  /// For a cut at a random byte: in (0, 1].
  double cut_position = 1;

  [[nodiscard]] bool is_plain() const noexcept {
    return delays.empty() && request_delays.empty() && pushes.empty() && !slices && !fate;
  }
};

/// What one connection has counted for specs with per=connection.
using connection_counts = std::vector<std::uint64_t>;

class decider {
 public:
  decider(std::vector<fault_spec> specs, std::uint64_t seed);

  [[nodiscard]] const std::vector<fault_spec>& specs() const noexcept { return specs_; }

  /// To be called once for each request, in order. `counts` belongs to the connection and starts
  /// empty.
  [[nodiscard]] request_decision on_request(const request_facts& request,
                                            connection_counts& counts);

  /// To be called once for each accepted connection. The index of the spec that refuses or
  /// swallows it; nullopt: it is served.
  [[nodiscard]] std::optional<std::size_t> on_connection(std::uint64_t connection, microseconds at);

  /// The index of the spec because of which the proxy is down.
  [[nodiscard]] std::optional<std::size_t> down_at(microseconds at) const;
  /// The next time after `at` at which `down_at` may change. nullopt: never.
  [[nodiscard]] std::optional<microseconds> next_change_after(microseconds at) const;

  /// How many requests or connections the spec has selected, before nth, every, chance and limit.
  [[nodiscard]] std::uint64_t selected(std::size_t spec) const { return selected_[spec]; }

 private:
  [[nodiscard]] bool selects(std::size_t index, const request_facts& request) const;
  [[nodiscard]] bool counts_in(std::size_t index, connection_counts& counts);
  void add(std::size_t index, const request_facts& request, request_decision& to);

  std::vector<fault_spec> specs_;
  std::uint64_t seed_;
  std::vector<std::uint64_t> selected_;
  std::vector<std::uint64_t> injected_;
};

}  // namespace drover::faults
