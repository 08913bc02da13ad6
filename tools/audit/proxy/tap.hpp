// SPDX-License-Identifier: MIT
// Observers of the traffic of a proxy.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "audit/proxy/peer.hpp"

namespace drover::audit {

enum class direction : std::uint8_t { to_server, to_client };

/// Passes on the bytes that a tap has held back.
class reply_gate {
 public:
  virtual ~reply_gate() = default;
  /// Passes on the bytes that are held, if any. Must not be called from within a call of the tap.
  virtual void release() = 0;
};

/// Observes one connection. All calls are made on the proxy's thread and must not block.
class tap {
 public:
  virtual ~tap() = default;

  /// These bytes have just been written to the other peer. They are valid during the call only.
  virtual void passed(direction towards, std::string_view bytes) = 0;
  /// The first call. Lifetime: the gate is valid until `ended`.
  virtual void attached(reply_gate& gate) { (void)gate; }
  /// These bytes of the server have arrived and are not passed on yet. Returns how many may pass
  /// now. The rest is held, and no more bytes are read from the server, until the gate is released.
  virtual std::size_t let_through(std::string_view bytes) { return bytes.size(); }
  /// The connection has ended. The last call.
  virtual void ended(bool by_client) = 0;
};

/// Creates the taps.
class tap_maker {
 public:
  virtual ~tap_maker() = default;

  /// A client has connected. nullptr: the connection is not observed.
  virtual std::unique_ptr<tap> opened(std::uint64_t connection, const peer& client) = 0;
  /// Called at the end of each turn of the loop, before it waits.
  virtual void turn_ended() = 0;
  /// Called after `turn_ended`. The longest time until the next turn; nullopt: no limit.
  virtual std::optional<std::chrono::milliseconds> next_turn() { return std::nullopt; }
};

}  // namespace drover::audit
