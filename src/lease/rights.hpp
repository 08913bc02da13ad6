// SPDX-License-Identifier: MIT
// The rights that the library's user needs on the server, and the cost of each missing one. Pure.
// docs/how-to/permissions.md shows them; the tests show that each is needed, and no other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::lease {

enum class right_id : std::uint8_t {
  ping,
  info,
  select,
  tracking,
  caching,
  list,
  get,
  getrange,
  set,
  setrange,
  del,
  unlink,
  exists,
  pexpire,
  time,
  evalsha,
  script_load,
  publish,
  subscribe,
  unsubscribe,
  // Only where scripts are refused:
  watch,
  multi,
  exec,
  discard,
};

struct right {
  right_id id;
  std::string_view rule;     ///< "+client|list"
  std::string_view command;  ///< "CLIENT LIST"
  std::string_view cost;     ///< a sentence: the effect of a server that refuses the command
  bool is_essential;         ///< without it nothing is cached, or no guarantee is left
};

/// The rights of the usual user, in the order of `right_id`. Valid for the lifetime of the program;
/// safe from any thread.
[[nodiscard]] std::span<const right> rights();
/// The further rights of a user that may not run scripts, on a server without SET IFEQ.
[[nodiscard]] std::span<const right> transaction_rights();
/// True when the right is used without scripts, too.
[[nodiscard]] bool is_used_without_scripts(right_id id);
[[nodiscard]] const right& right_of(right_id id);

/// The rules of a user that may do exactly what the library does for the caches `names`:
/// "resetkeys", "~NAME:*", "resetchannels", "&NAME:*", "-@all", "+ping", ... in the syntax of Redis
/// 7 and Valkey. `with_select`: the application uses another database than 0.
/// Precondition: the names are valid.
[[nodiscard]] std::vector<std::string> acl_rules(std::span<const std::string> names,
                                                 bool with_select);
/// The same for a user that may not run scripts. Leases then use transactions, or SET IFEQ.
[[nodiscard]] std::vector<std::string> acl_rules_without_scripts(std::span<const std::string> names,
                                                                 bool with_select);

/// The further rules of a user of a cluster, for the map of the slots and for slots that move.
[[nodiscard]] std::vector<std::string> cluster_acl_rules();

}  // namespace drover::lease
