// SPDX-License-Identifier: MIT
// Who looks on while bytes pass. A proxy without taps passes bytes and nothing else.
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

/// What lets through what a tap has held back.
class reply_gate {
 public:
  virtual ~reply_gate() = default;
  /// Passes on what is held. Nothing is held: nothing happens. Not from within a tap's calls.
  virtual void release() = 0;
};

/// Looks at one connection. All calls come on the proxy's thread, and must not block it.
class tap {
 public:
  virtual ~tap() = default;

  /// These bytes have just been handed to the kernel for the other side. They are valid during the
  /// call only.
  virtual void passed(direction towards, std::string_view bytes) = 0;
  /// Before anything else. Lifetime: the gate is there until `ended`.
  virtual void attached(reply_gate& gate) { (void)gate; }
  /// The server's bytes have come and are not passed on yet. Answers how many may pass now; the
  /// rest waits at the gate, and nothing more is read from the server until it is released.
  virtual std::size_t let_through(std::string_view bytes) { return bytes.size(); }
  /// Nothing more will pass. The last call.
  virtual void ended(bool by_client) = 0;
};

/// Makes the taps.
class tap_maker {
 public:
  virtual ~tap_maker() = default;

  /// A client has come. Answers nullptr if nobody looks at it.
  virtual std::unique_ptr<tap> opened(std::uint64_t connection, const peer& who) = 0;
  /// All that has passed in this turn of the loop has been told; called before the loop waits.
  virtual void turn_ended() = 0;
  /// After `turn_ended`: when it wants to be called again at the latest.
  virtual std::optional<std::chrono::milliseconds> next_turn() { return std::nullopt; }
};

}  // namespace drover::audit
