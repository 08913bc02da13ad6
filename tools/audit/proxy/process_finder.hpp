// SPDX-License-Identifier: MIT
// Finds the process at the other end of a connection, on a thread of its own, so that the proxy
// does not wait. The search starts when the client is accepted. Only processes on this machine that
// the auditor may inspect are found.
//
// Threads: `start_search` on one, `wait_for` on another.
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

struct process_info {
  /// 0: not found.
  pid_t pid = 0;
  /// The name of the program, or the address of the peer if the process was not found.
  std::string name;
};

class process_finder {
 public:
  /// Finds the processes of several peers, in the same order. May block.
  using search_function = std::function<std::vector<process_info>(const std::vector<peer>&)>;

  /// Searches /proc.
  process_finder();
  explicit process_finder(search_function find_processes);
  ~process_finder();
  process_finder(const process_finder&) = delete;
  process_finder& operator=(const process_finder&) = delete;

  /// Starts a search. Does not block. At most `searches_max` searches are open; further ones are
  /// answered with "not found".
  void start_search(std::uint64_t connection, const peer& client);
  /// Returns the result of a search. To be called once for each connection. Blocks until the result
  /// is known, for at most `at_most`.
  [[nodiscard]] process_info wait_for(std::uint64_t connection, std::chrono::milliseconds at_most);
  /// Processes that were found after `wait_for` timed out, by connection. Each is returned once.
  /// Does not block.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, process_info>> late_results();
  /// Cancels the search.
  void forget(std::uint64_t connection);

  static constexpr std::size_t searches_max = 65'536;

 private:
  struct search {
    peer client;
    bool done = false;
    /// `wait_for` has timed out.
    bool is_late = false;
    process_info process;
  };

  void run();
  /// Waits until a search is open or the finder stops. Returns copies of the open searches; none if
  /// the finder stops.
  std::vector<std::pair<std::uint64_t, search>> open_searches();

  std::mutex mutex_;
  std::condition_variable search_added_;
  std::condition_variable search_done_;
  std::map<std::uint64_t, search> searches_;
  std::vector<std::uint64_t> open_;  // the connections whose search has not begun
  std::vector<std::pair<std::uint64_t, process_info>> late_;
  search_function find_processes_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Finds the processes of `peers`, in the same order. Blocks while it reads /proc.
class process_table {
 public:
  [[nodiscard]] std::vector<process_info> find(const std::vector<peer>& peers);

 private:
  void search_process(pid_t pid, std::map<std::uint64_t, pid_t>& owner_of_inode,
                      std::size_t& missing);

  // The processes found last, the latest first. They are searched first, because new connections
  // are likely to be theirs.
  std::vector<pid_t> recent_;
};

}  // namespace drover::audit
