// SPDX-License-Identifier: MIT
// One line of a fault script: which requests or connections it applies to, and the fault.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::faults {

using std::chrono::microseconds;

enum class fault_kind : std::uint8_t {
  // Combined with every other fault of a request.
  delay,
  slice,
  push,
  // The fate of a request: the first one that applies is the only one.
  cut,
  drop,
  duplicate,
  error,
  reset,
  half_open,
  // The fate of a connection, decided when it is accepted.
  refuse,
  black_hole,
  // Of the listener.
  down,
};
inline constexpr std::size_t fault_kind_count = 12;

/// Whether the kind decides what becomes of one request. At most one such fault is injected for it.
[[nodiscard]] constexpr bool is_fate(fault_kind kind) noexcept {
  return kind >= fault_kind::cut && kind <= fault_kind::half_open;
}
/// Whether the kind is decided for each request.
[[nodiscard]] constexpr bool is_of_request(fault_kind kind) noexcept {
  return kind <= fault_kind::half_open;
}
/// Whether the kind is decided for each accepted connection.
[[nodiscard]] constexpr bool is_of_connection(fault_kind kind) noexcept {
  return kind == fault_kind::refuse || kind == fault_kind::black_hole;
}
/// Whether the client gets no more replies on the connection after this fault.
[[nodiscard]] constexpr bool ends_connection(fault_kind kind) noexcept {
  return kind == fault_kind::cut || kind == fault_kind::reset || kind == fault_kind::half_open;
}

inline constexpr std::uint64_t no_maximum = std::numeric_limits<std::uint64_t>::max();

/// Numbers from `first` to `last`, counted from 1.
struct number_range {
  std::uint64_t first = 1;
  std::uint64_t last = no_maximum;

  [[nodiscard]] constexpr bool contains(std::uint64_t number) const noexcept {
    return number >= first && number <= last;
  }
};

/// Globs of names. Empty: every name.
struct name_filter {
  std::vector<std::string> included;
  std::vector<std::string> excluded;

  [[nodiscard]] bool is_empty() const noexcept { return included.empty() && excluded.empty(); }
};

/// How long a reply is delayed.
struct delay_distribution {
  /// `low` to `high`, all equally likely. A fixed delay if they are equal.
  microseconds low{0};
  microseconds high{0};
  /// Not zero: exponential with this mean, cut off at `high`.
  microseconds mean{0};
};

struct fault_spec {
  fault_kind kind = fault_kind::delay;

  // The selection.

  /// In upper case.
  name_filter commands;
  name_filter keys;
  /// Numbers of connections, in the order in which they are accepted.
  number_range connections;
  /// Of the requests that are selected by all of the above and by the window of time.
  number_range ordinals;
  /// Each such request of `ordinals`: 1, or one in so many.
  std::uint64_t every = 1;
  /// `ordinals` and `every` count the requests of each connection separately.
  bool counts_per_connection = false;
  /// From 0 to 1.
  double chance = 1;
  /// The window of time, since the start of the proxy. nullopt: no end.
  microseconds from{0};
  std::optional<microseconds> length;
  /// The window begins again after each such time, which is longer than `length`.
  std::optional<microseconds> period;
  std::uint64_t limit = no_maximum;

  // The fault.

  delay_distribution delay;
  /// The request arrives later, and not the reply.
  bool delays_request = false;
  /// The delay lasts until the end of the window, which has a length.
  bool delays_until_end = false;
  std::size_t slice_size = 1;
  microseconds slice_pause{1000};
  /// What is pushed, or the error reply, as it is sent. Empty for a push: an invalidation of the
  /// request's first key.
  std::string bytes;
  /// How many bytes of the reply are delivered. nullopt: a random number.
  std::optional<std::uint64_t> cut_at;
  bool cuts_by_reset = false;
  /// Whether the server gets the request.
  bool is_executed = true;

  /// As typed.
  std::string text;

  [[nodiscard]] bool is_active_at(microseconds at) const noexcept {
    return at >= from && (!length || at - begin_of_window(at) < *length);
  }
  /// The begin of the last window that began until `at`, or of the first one.
  [[nodiscard]] microseconds begin_of_window(microseconds at) const noexcept {
    return !period || at < from ? from : at - (at - from) % *period;
  }
  /// The end of that window. Precondition: it has a length.
  [[nodiscard]] microseconds end_of_window(microseconds at) const noexcept {
    return begin_of_window(at) + *length;
  }
};

}  // namespace drover::faults
