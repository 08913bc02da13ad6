// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <string>

namespace drover {

/// A user and its password, as `client_options::credentials_source` returns them.
///
/// Threads: a value; copy it.
struct credentials {
  std::string user{};      ///< empty: the default user
  std::string password{};  ///< empty: the server needs none; never part of a message
  /// After this time the function is asked again, and the connection is authenticated again with
  /// its answer. Zero: only after `client::credentials_changed()`, and at each connect. It counts
  /// from the call of the function.
  duration renew_after{0};
};

}  // namespace drover
