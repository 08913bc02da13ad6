// SPDX-License-Identifier: MIT
// The faults that the tool injected, by key, connection and process. The engine asks it whether a
// fault may explain a fact, because such a fact is no fault of the application.
//
// A slow reply explains nothing but a lease that ran out meanwhile: applications have to cope with
// a slow server. Pushed messages explain nothing either.
//
// Invariant: its memory is bounded. Beyond the limit, everything counts as touched by a fault, and
// delays are forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/capture/record.hpp"

namespace drover::audit {

class fault_book {
 public:
  static constexpr std::size_t moments_max = 1'000'000;

  /// `process`: that of the fault's connection; 0 if it is not known.
  void add(const fault_injected& fault, std::uint32_t process);
  /// The server fails for all connections from `from` to `to`.
  void add_outage(moment from, moment to);
  /// Something unknown happened to the key.
  void touch_key(std::string_view key, moment at);
  void closed(std::uint64_t connection) { out_of_step_.erase(connection); }

  [[nodiscard]] bool is_empty() const { return is_empty_; }
  /// Whether a reply was lost or doubled on the connection, so that this later reply is that of
  /// another request.
  [[nodiscard]] bool is_out_of_step(std::uint64_t connection, moment done) const;

  /// Whether there was a fault in [from, to] that concerns all connections.
  [[nodiscard]] bool touched_all(moment from, moment to) const;
  [[nodiscard]] bool touched_key(std::string_view key, moment from, moment to) const;
  [[nodiscard]] bool touched_connection(std::uint64_t connection, moment from, moment to) const;
  [[nodiscard]] bool touched_process(std::uint32_t process, moment from, moment to) const;
  /// How long replies on the connection that came in [from, to] were delayed, in sum.
  [[nodiscard]] moment delay_of(std::uint64_t connection, moment from, moment to) const;

 private:
  /// In the order of time.
  using moments = std::vector<moment>;

  void note(moments& list, moment at);
  [[nodiscard]] static bool has_one(const moments& list, moment from, moment to);

  bool is_empty_ = true;
  std::size_t count_ = 0;
  std::size_t delay_count_ = 0;
  /// The limit was reached. Nothing is known of the time after it.
  std::optional<moment> full_at_;
  std::vector<std::pair<moment, moment>> downs_;
  std::map<std::string, moments, std::less<>> keys_;
  std::unordered_map<std::uint64_t, moments> connections_;
  std::unordered_map<std::uint32_t, moments> processes_;
  std::unordered_map<std::uint64_t, std::vector<std::pair<moment, moment>>> delays_;
  std::unordered_map<std::uint64_t, moment> out_of_step_;
};

}  // namespace drover::audit
