// SPDX-License-Identifier: MIT
// docs/how-to/permissions.md against the code: the user, the rights with their costs, the example.
#include <drover/client.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "lease/rights.hpp"
#include "support/document.hpp"
#include "support/redis_server.hpp"

namespace drover::test::permissions_page_test {
namespace {

using namespace std::chrono_literals;

std::string page() { return document("docs/how-to/permissions.md"); }

// True when the service may take traffic. Without Redis it would still work, with bypasses.
bool is_ready(const drover::client& redis) {
  const drover::check_report report = redis.check(500ms);
  for (const drover::check_problem& problem : report.problems) {
    std::printf("%s: %s (%s)\n", problem.request.c_str(), problem.reason.c_str(),
                problem.effect.c_str());
  }
  return report.state != drover::readiness::unusable;
}

TEST(permissions_page, ShowsTheUser) {
  std::istringstream words{
      std::string{part_between(page(), "ACL SETUSER app reset on >PASSWORD ", "```")}};
  std::vector<std::string> shown;
  for (std::string word; words >> word;) shown.push_back(word);
  EXPECT_EQ(shown, lease::acl_rules(std::vector<std::string>{"NAME"}, false));
}

TEST(permissions_page, ShowsTheUserWithoutScripts) {
  const std::string text = page();
  const std::string section{part_between(text, "## A user that may not run scripts", "## Check")};
  std::istringstream words{
      std::string{part_between(section, "ACL SETUSER app reset on >PASSWORD ", "```")}};
  std::vector<std::string> shown;
  for (std::string word; words >> word;) shown.push_back(word);
  EXPECT_EQ(shown, lease::acl_rules_without_scripts(std::vector<std::string>{"NAME"}, false));
}

TEST(permissions_page, ListsEachRightWithItsCost) {
  const std::string text = page();
  const auto usual = lease::rights();
  std::vector<lease::right> all(usual.begin(), usual.end());
  const auto further = lease::transaction_rights();
  all.insert(all.end(), further.begin(), further.end());
  for (const lease::right& known : all) {
    std::string rule{known.rule};
    if (const auto bar = rule.find('|'); bar != std::string::npos) rule.insert(bar, 1, '\\');
    const std::string row = "| `" + rule + "` | " + (known.is_essential ? "yes" : "no") + " | " +
                            std::string{known.cost} + " |\n";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

// A server that works could be too slow for the probe on a busy machine. A replica never is ready.
TEST(permissions_page, ShowsAProbeThatWorks) {
  EXPECT_NE(page().find("bool is_ready(const drover::client& redis) {\n"
                        "  const drover::check_report report = redis.check(500ms);"),
            std::string::npos);
  const redis_server server;
  server.command({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_FALSE(is_ready(client{server.url()}));
}

}  // namespace
}  // namespace drover::test::permissions_page_test
