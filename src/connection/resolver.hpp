// SPDX-License-Identifier: MIT
// Resolves a host name on a separate thread, because the system's resolver may block for half a
// minute. That thread shares only the job and the bell with the channel, so it may outlive the
// channel.
//
// Threads: one at a time. Invariant: at most one lookup runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connection/socket_io.hpp"

namespace drover::connection {

/// The result of a lookup.
struct resolved {
  resolved() = default;
  resolved(std::vector<address> found) : addresses{std::move(found)} {}

  std::vector<address> addresses;
  std::string why;          ///< why there is no address; empty: the host is not known
  bool is_refused = false;  ///< nobody is away: trying again does not help until something changes
};

class resolver {
 public:
  /// May block for any time. Called on any thread, one call at a time.
  using look_up = std::function<resolved(const std::string& host, std::uint16_t port)>;

  resolver(std::string host, std::uint16_t port, std::shared_ptr<const bell> when_done,
           look_up resolve);

  /// The result, or empty while the lookup runs. Rings the bell when the lookup has ended. The
  /// next call after an answer starts a new lookup. Throws std::system_error when no thread can be
  /// started.
  [[nodiscard]] std::optional<resolved> ask();

 private:
  struct job {
    std::atomic<bool> done{false};
    resolved found;
  };

  std::string host_;
  std::uint16_t port_;
  std::shared_ptr<const bell> when_done_;
  look_up resolve_;
  std::shared_ptr<job> running_;
};

}  // namespace drover::connection
