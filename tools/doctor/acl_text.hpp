// SPDX-License-Identifier: MIT
// `drover acl`: the least-privilege user of an application, as text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drover::doctor {

enum class acl_format : std::uint8_t {
  command,  ///< ACL SETUSER, for redis-cli
  file,     ///< a line of an ACL file or of redis.conf
};

/// One line. The password is the placeholder PASSWORD. Throws text::usage_error for a name that no
/// cache, or no user, can have. `without_scripts`: the user may not run scripts, but transactions.
[[nodiscard]] std::string acl_line(const std::string& user, const std::vector<std::string>& names,
                                   bool with_select, acl_format format,
                                   bool without_scripts = false);

}  // namespace drover::doctor
