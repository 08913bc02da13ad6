// SPDX-License-Identifier: MIT
#pragma once

#include <drover/observer.hpp>

#include <cstddef>
#include <memory>

namespace drover {

/// Which lines `stderr_observer` writes.
///
/// Threads: a value; copy it.
struct stderr_options {
  /// The number of lines of one kind of event in a minute. Further events are counted, and the next
  /// line of their kind says how many there were.
  std::size_t lines_a_minute = 5;
};

/// An observer that writes events that need somebody's attention to stderr, so that a wrong
/// password is not silent:
///
///     drover::client redis{{.url = url, .event_observer = drover::stderr_observer()}};
///
/// These are: lost, refused and unverified connections, faults, invalidations that are not
/// acknowledged or dropped, corrupt entries, values that are not stored, and failed loads. A line
/// has the kind, the name of the cache and the text of the event, and never a key or a value:
///
///     drover: connection_refused: cache:6379: the server refused user or password (WRONGPASS)
///
/// Throws:  `std::bad_alloc`.
/// Blocks:  events block as long as a write to stderr does.
/// Threads: the observer is called from any thread.
[[nodiscard]] std::shared_ptr<observer> stderr_observer(stderr_options options = {});

}  // namespace drover
