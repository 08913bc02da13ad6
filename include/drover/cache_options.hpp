// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace drover {

/// A cache's identity and behaviour.
///
/// Threads: a value; copy it.
struct cache_options {
  /// The namespace: [A-Za-z0-9_.-]{1,64}. Every key in Redis begins with it, so an ACL of `~name:*`
  /// suffices. Two caches with one name and schema on one client are refused.
  std::string name{};
  /// The version of the stored format: raise it when the codec's bytes change. Old keys stay with
  /// old processes and end by their ttl.
  std::uint32_t schema = 1;
  /// The times and limits of the cache. `policy::ttl` is required.
  drover::policy policy{};
  /// Older schemas whose keys `invalidate` and `expire` cover too. Without it, in a rolling deploy,
  /// the old half serves what the new half has invalidated.
  std::vector<std::uint32_t> also_invalidates{};
};

}  // namespace drover
