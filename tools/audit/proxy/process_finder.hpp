// SPDX-License-Identifier: MIT
// Which process is at the other end of a connection, off the path of the bytes: asked when the
// client is accepted, answered when somebody wants to know, or later if that takes too long. Only
// processes of this machine that may be looked at are found.
//
// Threads: `ask` on one, `answer` on another; the looking is done on a thread of its own.
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
  pid_t pid = 0;     ///< 0: not found
  std::string name;  ///< the program's; the peer's address if it was not found
};

class process_finder {
 public:
  /// Finds all at once, in their order. May block.
  using look = std::function<std::vector<found_process>(const std::vector<peer>&)>;

  /// By /proc.
  process_finder();
  explicit process_finder(look how);
  ~process_finder();
  process_finder(const process_finder&) = delete;
  process_finder& operator=(const process_finder&) = delete;

  /// Does not wait. At most `asked_max` questions stand open; more are answered "not found".
  void ask(std::uint64_t connection, const peer& who);
  /// Once for each connection. Blocks: until it is known, at most so long.
  [[nodiscard]] found_process answer(std::uint64_t connection, std::chrono::milliseconds at_most);
  /// Processes for which `answer` waited in vain, and that have been found since: each once, by
  /// connection. Does not wait.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, found_process>> late_answers();
  /// Nobody wants to know it any more.
  void forget(std::uint64_t connection);

  static constexpr std::size_t asked_max = 65'536;

 private:
  struct question {
    peer who;
    bool done = false;
    bool is_late = false;  ///< `answer` has given up
    found_process found;
  };

  void run();
  /// Takes the questions off; with their answers they are given back.
  std::vector<std::pair<std::uint64_t, question>> open_questions();

  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  std::map<std::uint64_t, question> questions_;
  std::vector<std::uint64_t> open_;  // numbers of those not looked at
  std::vector<std::pair<std::uint64_t, found_process>> late_;
  look look_;
  bool stopping_ = false;
  std::thread thread_;
};

/// All at once, in the order of `whom`. Blocks: it reads /proc.
class process_table {
 public:
  [[nodiscard]] std::vector<found_process> find(const std::vector<peer>& whom);

 private:
  void look_into(pid_t pid, std::map<std::uint64_t, pid_t>& wanted, std::size_t& missing);

  std::vector<pid_t> recent_;  // found lately, the last one first: most likely the next one as well
};

}  // namespace drover::audit
