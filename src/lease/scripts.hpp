// SPDX-License-Identifier: MIT
// The texts of the scripts, one place for library and auditor. Each declares one key, takes
// integers and byte strings, and, when it writes a value key, reads it again (EXISTS): NOLOOP drops
// the connection's own tracking at the write, and that arms it again.
// docs/internals/lease-protocol.md and this file change together.
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
  std::string_view name;  ///< as events and documents call it
  std::string_view text;
  std::string_view sha1;  ///< 40 hexadecimal digits
};

/// All scripts, in the order of `script_id`. Valid for the program's life; safe from any thread.
[[nodiscard]] std::span<const script> scripts();
[[nodiscard]] const script& script_of(script_id id);

}  // namespace drover::lease
