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
  /// suffices. A client refuses a second cache with the same name and schema.
  std::string name{};
  /// The version of the stored format; a part of every key. 0 stands for `schema_of<T>`: 1 for
  /// strings, bytes, numbers and codecs that name no schema, and a number computed from the members
  /// for structs (`member_codec`), containers and the like. If you choose the number, raise it when
  /// the codec's bytes change. Old keys stay with old processes and end by their ttl.
  std::uint32_t schema = 0;
  /// The times and limits of the cache. `policy::ttl` is required.
  drover::policy policy{};
  /// Other schemas of this cache whose keys `invalidate` and `expire` cover too. During a rolling
  /// deployment, name the old schema in the new processes. If old processes still write, name the
  /// new schema in them first. Processes that use a schema not named here serve the old value for
  /// up to ttl and grace.
  std::vector<std::uint32_t> also_invalidates{};
};

}  // namespace drover
