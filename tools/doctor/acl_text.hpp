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

struct acl_options {
  acl_format format = acl_format::command;
  bool has_select = false;      ///< the application uses another database than 0
  bool has_scripts = true;      ///< false: the user may not run scripts, but transactions
  bool is_for_cluster = false;  ///< for the nodes of a cluster
};

/// One line. The password is the placeholder PASSWORD. Throws text::usage_error for a name that no
/// cache, or no user, can have.
[[nodiscard]] std::string acl_line(const std::string& user, const std::vector<std::string>& names,
                                   const acl_options& with = {});

}  // namespace drover::doctor
