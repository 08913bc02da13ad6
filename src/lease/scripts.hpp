// SPDX-License-Identifier: MIT
// The texts of the scripts, for the library and the auditor. Each script declares one key and takes
// integers and byte strings. A script that writes a value key reads it again (EXISTS): with NOLOOP
// the write drops the tracking of the connection itself, and the read arms it again. Change
// docs/internals/lease-protocol.md and this file together.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace drover::lease {

enum class script_id : std::uint8_t {
  lease,
  renew,
  promote,
  fill,
  failure,
  release,
  uncacheable,
  expire,
  mark_extend,
  mark_release,
};

struct script {
  script_id id;
  std::string_view name;  ///< the name in events and documents
  std::string_view text;
  std::string_view sha1;  ///< 40 hexadecimal digits
};

/// All scripts, in the order of `script_id`. Valid for the lifetime of the program; safe from any
/// thread.
[[nodiscard]] std::span<const script> scripts();
[[nodiscard]] const script& script_of(script_id id);

}  // namespace drover::lease
