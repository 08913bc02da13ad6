// SPDX-License-Identifier: MIT
// How waiters learn that a key changed: by RESP3 tracking pushes if a canary shows that they
// arrive, otherwise by the key's wake channel, otherwise by polling. The mode is decided for every
// connection, at the first wait on it. Until then waiters poll.
//
// Threads: every member from any thread.
// Memory:  `prove` and `listen` throw std::bad_alloc if it runs out; nothing has changed then.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "connection/channel.hpp"

namespace drover::store {

enum class wake_mode : std::uint8_t { undecided, push, channel, polling };

class waker {
 public:
  waker(connection::channel& on, std::function<void(wake_mode)> observer)
      : channel_{on}, observer_{std::move(observer)} {}

  [[nodiscard]] wake_mode mode() const;
  /// While `is_so`, waiters poll where they would listen on channels: nobody publishes for them.
  void use_no_channel(bool is_so) noexcept { without_channel_ = is_so; }
  void connection_is_new();
  /// True until `prove` has sent the canary of this connection.
  [[nodiscard]] bool wants_canary() const;
  /// Call it when a flight waits. Sends the canary, once for each connection. `canary_key` begins
  /// with the name of the waiting cache, so that the permissions for that cache suffice.
  void prove(std::string canary_key);
  /// Handles a push about a key. True when the key is the canary.
  bool saw_key(std::string_view name);
  /// Handles the confirmation of a subscription.
  void saw_subscription(std::string_view name);

  /// Subscribes to a key's wake channel; listeners are counted. Does nothing unless `mode()` is
  /// `channel`.
  void listen(std::string_view wake_channel);
  /// Throws nothing.
  void leave(std::string_view wake_channel);

 private:
  void decide(wake_mode mode, std::uint64_t generation);
  /// Removes a listener. True when it was the last one.
  [[nodiscard]] bool stops_listening(std::string_view wake_channel);
  /// The next wait sends another canary.
  void prove_again(std::uint64_t generation);
  void probe_channel(std::uint64_t generation);
  void subscribe(std::string_view name, std::uint64_t generation);

  connection::channel& channel_;
  std::function<void(wake_mode)> observer_;
  mutable std::mutex mutex_;
  std::atomic<bool> without_channel_{false};
  wake_mode mode_ = wake_mode::undecided;
  bool canary_sent_ = false;
  std::uint64_t generation_ = 0;  ///< counts connections and repeated proofs
  std::string canary_;
  std::map<std::string, unsigned, std::less<>> listened_;
};

}  // namespace drover::store
