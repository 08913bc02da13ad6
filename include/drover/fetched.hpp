// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace drover {

/// How a value came to be served.
enum class served : std::uint8_t {
  fresh,     ///< a fresh entry, also "absent"
  stale,     ///< within grace: a refresh runs or failed, or Redis went away meanwhile
  loaded,    ///< by a load of this call; exactly one caller of a load gets this answer
  joined,    ///< this call waited for a load of this or another process
  bypassed,  ///< by a load that did not ask Redis; this call ran or shared it
};

/// The word for it, as in events and logs.
///
/// Throws:  nothing.
/// Threads: safe from any thread.
[[nodiscard]] constexpr std::string_view to_string(served how) noexcept {
  switch (how) {
    case served::fresh: return "fresh";
    case served::stale: return "stale";
    case served::loaded: return "loaded";
    case served::joined: return "joined";
    case served::bypassed: return "bypassed";
  }
  return "unknown";
}

/// A value and its story.
template <class T>
struct fetched {
  std::optional<T> value{};  ///< nullopt: the origin says that there is no such thing
  served how = served::fresh;
  duration age{};  ///< since the load that made it began; zero for a value just loaded
};

}  // namespace drover
