// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace drover {

/// How a value was served.
enum class served : std::uint8_t {
  fresh,     ///< from a fresh entry, or from one that says "absent"
  stale,     ///< from an entry within grace: a refresh runs or failed, or Redis went away
  loaded,    ///< by a load of this call; exactly one caller of a load gets this answer
  joined,    ///< this call waited for a load of this or another process
  bypassed,  ///< without Redis: this call ran a load, or shared one that ran already
};

/// The name of a `served` value, as logs and statistics show it.
///
/// Throws:  nothing.
/// Threads: safe from any thread.
[[nodiscard]] constexpr std::string_view to_string(served source) noexcept {
  switch (source) {
    case served::fresh: return "fresh";
    case served::stale: return "stale";
    case served::loaded: return "loaded";
    case served::joined: return "joined";
    case served::bypassed: return "bypassed";
  }
  return "unknown";
}

/// A value, how it was served and how old it is.
///
/// Threads: as safe as `T`.
template <class T>
struct fetched {
  std::optional<T> value{};  ///< nullopt: the origin has no such value
  served how = served::fresh;
  duration age{};  ///< since its load began; zero for a value that was just loaded
};

}  // namespace drover
