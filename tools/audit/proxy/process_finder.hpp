// SPDX-License-Identifier: MIT
// Finds the process at the other end of a connection, on a thread of its own, so that the proxy
// does not wait. The search starts when the client is accepted. Only processes on this machine that
// the auditor may inspect are found.
//
// Threads: `ask` on one, `answer` on another.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "audit/proxy/peer.hpp"

namespace drover::audit {

struct found_process {
  /// 0: not found.
  pid_t pid = 0;
  /// The name of the program, or the address of the peer if the process was not found.
  std::string name;
};

class process_finder {
 public:
  /// Finds the processes of several peers, in the same order. May block.
  using look = std::function<std::vector<found_process>(const std::vector<peer>&)>;

  /// Searches /proc.
  process_finder();
  explicit process_finder(look how);
  ~process_finder();
  process_finder(const process_finder&) = delete;
  process_finder& operator=(const process_finder&) = delete;

  /// Starts a search. Does not block. At most `asked_max` searches are open; further ones are
  /// answered with "not found".
  void ask(std::uint64_t connection, const peer& who);
  /// The result; to be called once for each connection. Blocks until it is known, for at most
  /// `at_most`.
  [[nodiscard]] found_process answer(std::uint64_t connection, std::chrono::milliseconds at_most);
  /// Processes that were found after `answer` timed out, by connection. Each is returned once. Does
  /// not block.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, found_process>> late_answers();
  /// Cancels the search.
  void forget(std::uint64_t connection);

  static constexpr std::size_t asked_max = 65'536;

 private:
  struct question {
    peer who;
    bool done = false;
    /// `answer` has timed out.
    bool is_late = false;
    found_process found;
  };

  void run();
  /// Waits until a search is open or the finder stops. Returns copies of the open searches; none if
  /// the finder stops.
  std::vector<std::pair<std::uint64_t, question>> open_questions();

  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  std::map<std::uint64_t, question> questions_;
  std::vector<std::uint64_t> open_;  // the connections whose search has not begun
  std::vector<std::pair<std::uint64_t, found_process>> late_;
  look look_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Finds the processes of `whom`, in the same order. Blocks while it reads /proc.
class process_table {
 public:
  [[nodiscard]] std::vector<found_process> find(const std::vector<peer>& whom);

 private:
  void look_into(pid_t pid, std::map<std::uint64_t, pid_t>& wanted, std::size_t& missing);

  // The processes found last, the latest first. They are searched first, because new connections
  // are likely to be theirs.
  std::vector<pid_t> recent_;
};

}  // namespace drover::audit
