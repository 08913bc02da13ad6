// SPDX-License-Identifier: MIT
#include "lease/rights.hpp"

#include <array>
#include <cstddef>

namespace drover::lease {
namespace {

constexpr std::string_view no_leases =
    "There are no leases: each process loads for itself, and nothing is stored.";

constexpr std::string_view no_leases_at_all =
    "Without SET IFEQ and transactions there are no leases: each process loads for itself, and "
    "nothing is stored.";
constexpr std::string_view no_transactions =
    "Without scripts and SET IFEQ there are no leases: each process loads for itself, and nothing "
    "is stored.";

constexpr std::array all_rights{
    right{right_id::ping, "+ping", "PING",
          "No invalidation is acknowledged: it is sent again and again, and reported as a fault.",
          true},
    right{
        right_id::info, "+info", "INFO",
        "A restart from a snapshot goes unnoticed: values that were invalidated after the snapshot "
        "may be served again.",
        false},
    right{right_id::select, "+select", "SELECT",
          "A database other than 0 cannot be used: every call loads without Redis.", true},
    right{
        right_id::tracking, "+client|tracking", "CLIENT TRACKING",
        "Waiters are woken by messages on a channel, at the cost of one more command in each load.",
        false},
    right{
        right_id::caching, "+client|caching", "CLIENT CACHING",
        "Waiters are woken by messages on a channel, at the cost of one more command in each load.",
        false},
    right{right_id::list, "+client|list", "CLIENT LIST",
          "A holder that died is noticed only when its lease ends.", false},
    right{right_id::get, "+get", "GET", "Nothing can be read: every call loads without Redis.",
          true},
    right{right_id::getrange, "+getrange", "GETRANGE", no_leases, true},
    right{right_id::set, "+set", "SET", no_leases, true},
    right{right_id::setrange, "+setrange", "SETRANGE",
          "No lease can be renewed: a load that takes longer than `lease_ttl` runs twice.", false},
    right{right_id::del, "+del", "DEL",
          "A lease that is given back stays until its end, and `expire` fails for values without "
          "grace.",
          false},
    right{right_id::unlink, "+unlink", "UNLINK",
          "No value can be invalidated: old values are served until their ttl is over.", true},
    right{right_id::exists, "+exists", "EXISTS", no_leases, true},
    right{right_id::pexpire, "+pexpire", "PEXPIRE",
          "A refresh that takes longer than `lease_ttl` may run in two processes at once.", false},
    right{right_id::time, "+time", "TIME", no_leases, true},
    right{right_id::evalsha, "+evalsha", "EVALSHA", no_leases_at_all, true},
    right{right_id::script_load, "+script|load", "SCRIPT LOAD",
          "There are leases only while another user has loaded the scripts, or as without EVALSHA.",
          true},
    right{right_id::publish, "+publish", "PUBLISH",
          "Where tracking does not work, waiters poll instead of being woken.", false},
    right{right_id::subscribe, "+subscribe", "SUBSCRIBE",
          "Where tracking does not work, waiters poll instead of being woken.", false},
    right{right_id::unsubscribe, "+unsubscribe", "UNSUBSCRIBE",
          "Where tracking does not work, subscriptions stay until the connection ends.", false},
};

constexpr std::array all_transaction_rights{
    right{right_id::watch, "+watch", "WATCH", no_transactions, true},
    right{right_id::multi, "+multi", "MULTI", no_transactions, true},
    right{right_id::exec, "+exec", "EXEC", no_transactions, true},
    right{right_id::discard, "+discard", "DISCARD", no_transactions, true},
};

constexpr bool are_in_order() {
  for (std::size_t i = 0; i < all_rights.size(); ++i) {
    if (static_cast<std::size_t>(all_rights[i].id) != i) return false;
  }
  for (std::size_t i = 0; i < all_transaction_rights.size(); ++i) {
    if (static_cast<std::size_t>(all_transaction_rights[i].id) != all_rights.size() + i) {
      return false;
    }
  }
  return true;
}
static_assert(are_in_order());

/// The rules before those of the commands.
std::vector<std::string> rules_of_names(std::span<const std::string> names) {
  std::vector<std::string> rules{"resetkeys"};
  for (const std::string& name : names) rules.push_back("~" + name + ":*");
  rules.emplace_back("resetchannels");
  for (const std::string& name : names) rules.push_back("&" + name + ":*");
  rules.emplace_back("-@all");
  return rules;
}

}  // namespace

std::span<const right> rights() { return all_rights; }

std::span<const right> transaction_rights() { return all_transaction_rights; }

const right& right_of(right_id id) {
  const auto at = static_cast<std::size_t>(id);
  return at < all_rights.size() ? all_rights[at] : all_transaction_rights[at - all_rights.size()];
}

bool is_used_without_scripts(right_id id) {
  switch (id) {
    case right_id::setrange:
    case right_id::exists:
    case right_id::pexpire:
    case right_id::evalsha:
    case right_id::script_load:
    case right_id::subscribe:
    case right_id::unsubscribe: return false;
    default: return true;
  }
}

std::vector<std::string> acl_rules(std::span<const std::string> names, bool with_select) {
  std::vector<std::string> rules = rules_of_names(names);
  for (const right& needed : all_rights) {
    if (needed.id != right_id::select || with_select) rules.emplace_back(needed.rule);
  }
  return rules;
}

std::vector<std::string> acl_rules_without_scripts(std::span<const std::string> names,
                                                   bool with_select) {
  std::vector<std::string> rules = rules_of_names(names);
  for (const right& needed : all_rights) {
    const bool is_needed = needed.id != right_id::select || with_select;
    if (is_needed && is_used_without_scripts(needed.id)) rules.emplace_back(needed.rule);
  }
  for (const right& needed : all_transaction_rights) rules.emplace_back(needed.rule);
  return rules;
}

std::vector<std::string> cluster_acl_rules() { return {"+cluster|shards", "+asking"}; }

}  // namespace drover::lease
