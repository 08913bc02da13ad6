// SPDX-License-Identifier: MIT
// Turns a host name into addresses on a thread of its own, since the system's resolver may block
// for half a minute. That thread shares nothing with the channel but the job and the bell, so it
// may be left behind.
//
// Threads: one at a time. Invariant: at most one lookup runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connection/socket_io.hpp"

namespace drover::connection {

class resolver {
 public:
  /// May block for as long as it likes. Called on any thread, one at a time.
  using look_up = std::function<std::vector<address>(const std::string& host, std::uint16_t port)>;

  resolver(std::string host, std::uint16_t port, std::shared_ptr<const bell> when_done, look_up by);

  /// The addresses, or empty while they are looked up; rings the bell when they are there. The next
  /// call after an answer looks them up anew. Throws std::system_error when no thread can be
  /// started for it.
  [[nodiscard]] std::optional<std::vector<address>> ask();

 private:
  struct job {
    std::atomic<bool> done{false};
    std::vector<address> addresses;
  };

  std::string host_;
  std::uint16_t port_;
  std::shared_ptr<const bell> when_done_;
  look_up by_;
  std::shared_ptr<job> running_;
};

}  // namespace drover::connection
