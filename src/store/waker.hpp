// SPDX-License-Identifier: MIT
// How waiters learn that a key changed: by RESP3 tracking pushes where a canary shows that they
// arrive, else by the key's wake channel, else by guided polling. Decided anew for every
// connection, at the first wait on it; until it is decided waiters poll as well.
//
// Threads: every member from any thread.
// Memory:  `prove` and `listen` throw std::bad_alloc if it runs out, and then leave no trace.
#pragma once

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
  void connection_is_new();
  /// Somebody waits on this connection: sends the canary unless that was done. `canary_key` lies
  /// under the waiting cache's name, so that its permissions suffice.
  void prove(std::string canary_key);
  /// A key's invalidation was pushed. True when it was the canary's.
  bool saw_key(std::string_view name);
  /// A subscription was confirmed by a push.
  void saw_subscription(std::string_view name);

  /// Listen on a key's wake channel, counted; does nothing unless `mode()` is `channel`.
  void listen(std::string_view wake_channel);
  /// Throws nothing.
  void leave(std::string_view wake_channel);

 private:
  void decide(wake_mode mode, std::uint64_t generation);
  /// True when it was the last listener.
  [[nodiscard]] bool stops_listening(std::string_view wake_channel);
  void probe_channel(std::uint64_t generation);
  void subscribe(std::string_view name, std::uint64_t generation);

  connection::channel& channel_;
  std::function<void(wake_mode)> observer_;
  mutable std::mutex mutex_;
  wake_mode mode_ = wake_mode::undecided;
  bool asked_ = false;
  std::uint64_t generation_ = 0;  ///< of the connection
  std::string canary_;
  std::map<std::string, unsigned, std::less<>> listened_;
};

}  // namespace drover::store
