// SPDX-License-Identifier: MIT
// Who looks on while bytes pass. A proxy without taps passes bytes and nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "audit_proxy/peer.hpp"

namespace drover::audit {

enum class direction : std::uint8_t { to_server, to_client };

/// Looks at one connection. All calls come on the proxy's thread, and must not block it.
class tap {
 public:
  virtual ~tap() = default;

  /// These bytes have just been handed to the kernel for the other side. They are valid during the
  /// call only.
  virtual void passed(direction towards, std::string_view bytes) = 0;
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
};

}  // namespace drover::audit
