// SPDX-License-Identifier: MIT
// Who sent it: connections and the processes behind them.
//
// A process is a pid where that is known; else a peer's address and the name the client gave. One
// of this machine whose pid is not known may be any that is: it counts for nobody then.
// A connection is not a flow: pooled clients change it at each command, multiplexed ones share it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/engine/facts.hpp"

namespace drover::audit {

struct process_facts {
  std::string label;  ///< "python3 (4711)", "10.0.0.7 worker"
  std::int64_t pid = 0;
  bool is_local = false;  ///< on this machine, where the pid may be known
  std::string library;    ///< "redis-py 4.3.4", from CLIENT SETINFO; "" if not given
  std::uint64_t connections = 0;
  std::uint64_t commands = 0;
  /// It subscribes, tracks keys, or waits in blocking commands, so it need not poll.
  bool is_notified = false;
  /// It had commands of two flows under way at once: one connection is multiplexed, or two of its
  /// connections waited for replies at the same time.
  bool is_concurrent = false;
  // For evidence_text that.
  std::uint64_t last_connection = 0;
  moment last_done{};
  unsigned overlaps = 0;
};

struct connection_facts {
  std::uint64_t connection = 0;
  std::uint32_t process = 0;
  bool multiplexed = false;  ///< several times had two batches in flight at once
  std::int64_t pid = 0;
  std::string peer;
  std::string name;
  std::string library;
  /// The keys that it read last, and found.
  struct hit {
    key_ref key;
    moment sent{};
    moment done{};
    std::uint64_t sequence = 0;
  };
  std::array<hit, 4> hits{};
  std::uint8_t next_hit = 0;
  // For evidence_text whether it is multiplexed.
  std::uint64_t last_batch = 0;
  moment last_done{};
  unsigned overlaps = 0;
};

class connection_book {
 public:
  explicit connection_book(std::size_t connections_max);

  /// Once more for a connection: its process has been found meanwhile.
  void opened(const connection_opened& opened);
  void named(const connection_named& named);
  void closed(const connection_closed& closed);
  /// Notes that the process of this connection gets notifications.
  void mark_notified(std::uint64_t connection);
  /// Counts a command and returns its connection. A connection that was never announced is added.
  connection_facts& count_command(const event& command);

  [[nodiscard]] const connection_facts* find(std::uint64_t connection) const;
  [[nodiscard]] bool is_multiplexed(std::uint64_t connection) const;
  /// Not known, where others are: no process of its own, and none of those for sure.
  [[nodiscard]] bool is_unplaced(std::uint32_t process) const;
  /// They are the same, or nobody knows.
  [[nodiscard]] bool may_be_same_process(std::uint32_t a, std::uint32_t b) const;
  /// Index 0 is whoever could not be told.
  [[nodiscard]] const std::vector<process_facts>& processes() const { return processes_; }
  [[nodiscard]] std::uint64_t connections_seen() const { return connection_count_; }
  /// Those that sent at least one command: so many at least.
  [[nodiscard]] std::uint64_t processes_seen() const;
  [[nodiscard]] std::uint64_t multiplexed_seen() const { return multiplexed_count_; }

 private:
  connection_facts& get(std::uint64_t connection);
  void place(connection_facts& client, std::int64_t pid);
  std::uint32_t process_of(const std::string& identity, const std::string& label, std::int64_t pid);

  std::size_t max_;
  std::uint64_t connection_count_ = 0;
  std::uint64_t multiplexed_count_ = 0;
  bool any_pid_ = false;
  std::unordered_map<std::uint64_t, connection_facts> connections_;
  std::unordered_map<std::string, std::uint32_t> identities_;
  std::vector<process_facts> processes_;
  connection_facts* last_ = nullptr;
};

}  // namespace drover::audit
