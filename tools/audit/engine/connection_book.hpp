// SPDX-License-Identifier: MIT
// The connections, and the processes that they belong to.
//
// A process is identified by its pid if the pid is known, otherwise by the address of the peer and
// the name that the client gave. A local process whose pid is unknown may be any of the local
// processes that are known. It is then not counted as a process of its own.
// A connection is not a flow of control: clients with a pool may change it at each command, and the
// callers of a multiplexed connection share it.
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
  /// The process subscribes, tracks keys, or waits in blocking commands, so it need not poll.
  bool is_notified = false;
  /// The process serves several callers at once: it runs an event loop, one of its connections is
  /// multiplexed, or two of its connections waited for replies at the same time.
  bool is_concurrent = false;
  // The rest detects connections that wait for replies at the same time.
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
  /// The latest reads that found their key.
  struct hit {
    key_ref key;
    moment sent{};
    moment done{};
    std::uint64_t sequence = 0;
    digest value;
  };
  std::array<hit, 4> hits{};
  std::uint8_t next_hit = 0;
  // The rest detects whether the connection is multiplexed.
  std::uint64_t last_batch = 0;
  moment last_done{};
  unsigned overlaps = 0;
};

class connection_book {
 public:
  explicit connection_book(std::size_t connections_max);

  /// A second record for the same connection means that its process has been found meanwhile.
  void opened(const connection_opened& opened);
  void named(const connection_named& named);
  void closed(const connection_closed& closed);
  /// Notes that the process of this connection gets notifications.
  void mark_notified(std::uint64_t connection);
  /// Counts a command and returns its connection. A connection that was never announced is added.
  connection_facts& count_command(const event& command);

  [[nodiscard]] const connection_facts* find(std::uint64_t connection) const;
  [[nodiscard]] bool is_multiplexed(std::uint64_t connection) const;
  /// True for a local process without a pid, if the pids of others are known. It may be any of
  /// those.
  [[nodiscard]] bool is_unplaced(std::uint32_t process) const;
  /// True if the two are the same process, or if that cannot be decided.
  [[nodiscard]] bool may_be_same_process(std::uint32_t a, std::uint32_t b) const;
  /// True if the process is known and has had one connection only, which serves one caller at a
  /// time.
  [[nodiscard]] bool has_one_caller(std::uint32_t process) const {
    return process != 0 && process < processes_.size() && processes_[process].pid != 0 &&
           processes_[process].connections == 1 && !processes_[process].is_concurrent;
  }
  /// Index 0 stands for all clients that could not be identified.
  [[nodiscard]] const std::vector<process_facts>& processes() const { return processes_; }
  [[nodiscard]] std::uint64_t connections_seen() const { return connection_count_; }
  /// The number of processes that sent a command; a lower bound.
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
