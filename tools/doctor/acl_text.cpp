// SPDX-License-Identifier: MIT
#include "doctor/acl_text.hpp"

#include <algorithm>
#include <utility>

#include "entry/keys.hpp"
#include "lease/rights.hpp"
#include "text/usage_error.hpp"

namespace drover::doctor {

std::string acl_line(const std::string& user, const std::vector<std::string>& names,
                     const acl_options& with) {
  const bool is_word = !user.empty() && std::ranges::all_of(user, [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
  });
  if (!is_word) {
    throw text::usage_error{"--user '" + user +
                            "': use printable characters without blanks, quotes and backslashes"};
  }
  for (const std::string& name : names) {
    if (!entry::key_space::is_valid_name(name)) {
      throw text::usage_error{"'" + name +
                              "': no cache can have this name; use 1 to 64 of the characters A-Z, "
                              "a-z, 0-9, _, . and -"};
    }
  }
  std::vector<std::string> rules = with.has_scripts
                                       ? lease::acl_rules(names, with.has_select)
                                       : lease::acl_rules_without_scripts(names, with.has_select);
  if (with.is_for_cluster) {
    for (std::string& rule : lease::cluster_acl_rules()) rules.push_back(std::move(rule));
  }
  const bool is_command = with.format == acl_format::command;
  std::string line = is_command ? "ACL SETUSER " : "user ";
  line += user;
  if (is_command) line += " reset";  // a user in a file begins without rights
  line += " on >PASSWORD";
  for (const std::string& rule : rules) line += ' ' + rule;
  return line + '\n';
}

}  // namespace drover::doctor
