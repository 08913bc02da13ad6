// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drover {

/// The kinds of fault, classified by the response that each calls for.
///
/// Only `cache::invalidate` and `cache::expire` return a fault to their caller.
enum class fault_code : std::uint8_t {
  unreachable,  ///< the server is away or silent: bypass it, reconnect with back-off
  overloaded,   ///< the server is busy or out of memory, or a queue of the client is full: back off
  unsupported,  ///< a command or script is missing or refused: fall back, report it once
  corrupt,      ///< bytes that this library did not write: treat as a miss
  superseded,   ///< our lease was taken over, the key invalidated, or the server replaced
};

/// The number of fault codes, for tables indexed by `fault_code`.
inline constexpr std::size_t fault_code_count = 5;

/// The name of a code, as statistics and events show it.
///
/// Throws:  nothing.
/// Threads: safe from any thread.
[[nodiscard]] constexpr std::string_view to_string(fault_code code) noexcept {
  switch (code) {
    case fault_code::unreachable: return "unreachable";
    case fault_code::overloaded: return "overloaded";
    case fault_code::unsupported: return "unsupported";
    case fault_code::corrupt: return "corrupt";
    case fault_code::superseded: return "superseded";
  }
  return "unknown";
}

/// A fault: its class, and one line of text for people. The text never holds a password or a value.
/// Text from a server is shortened and escaped.
///
/// Threads: a value; copy it.
struct fault {
  fault_code code = fault_code::unreachable;
  std::string text{};
};

}  // namespace drover
