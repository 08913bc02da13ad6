// SPDX-License-Identifier: MIT
#include "lease/rights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

namespace drover::lease::rights_test {
namespace {

/// "CLIENT LIST" for "+client|list".
std::string command_of(const right& known) {
  std::string name{known.rule.substr(1)};
  for (char& c : name) c = c == '|' ? ' ' : static_cast<char>(std::toupper(c));
  return name;
}

TEST(rights, StandInTheOrderOfTheirIdsWithTheirCommands) {
  std::set<std::string_view> rules;
  for (std::size_t i = 0; i < rights().size(); ++i) {
    const right& known = rights()[i];
    EXPECT_EQ(static_cast<std::size_t>(known.id), i);
    EXPECT_EQ(&right_of(known.id), &known);
    EXPECT_TRUE(known.rule.starts_with('+')) << known.rule;
    EXPECT_EQ(known.command, command_of(known));
    EXPECT_TRUE(known.cost.ends_with('.')) << known.cost;
    EXPECT_TRUE(rules.insert(known.rule).second) << known.rule;
  }
}

TEST(rights, NameEveryCacheAndSelectOnlyOnDemand) {
  const std::vector<std::string> names{"user", "order.v2"};
  const std::vector<std::string> rules = acl_rules(names, false);
  const std::vector<std::string> first(rules.begin(), rules.begin() + 7);
  EXPECT_EQ(first, (std::vector<std::string>{"resetkeys", "~user:*", "~order.v2:*", "resetchannels",
                                             "&user:*", "&order.v2:*", "-@all"}));
  EXPECT_EQ(rules.size(), 7 + rights().size() - 1);
  const std::vector<std::string> with_select = acl_rules(names, true);
  EXPECT_EQ(with_select.size(), rules.size() + 1);
  EXPECT_NE(std::ranges::find(with_select, "+select"), with_select.end());
  EXPECT_EQ(std::ranges::find(rules, "+select"), rules.end());
}

TEST(rights, WithoutScriptsAreTransactionsInstead) {
  const std::vector<std::string> names{"t"};
  const std::vector<std::string> rules = acl_rules_without_scripts(names, false);
  for (const char* const rule : {"+evalsha", "+script|load", "+setrange", "+select"}) {
    EXPECT_EQ(std::ranges::find(rules, rule), rules.end()) << rule;
  }
  for (const char* const rule : {"~t:*", "+set", "+get", "+watch", "+multi", "+exec", "+discard"}) {
    EXPECT_NE(std::ranges::find(rules, rule), rules.end()) << rule;
  }
  for (const right& known : transaction_rights()) EXPECT_EQ(&right_of(known.id), &known);
}

}  // namespace
}  // namespace drover::lease::rights_test
