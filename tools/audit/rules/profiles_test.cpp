// SPDX-License-Identifier: MIT
#include "audit/rules/profiles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "audit/rules/all_rules.hpp"
#include "audit/rules/catalogue.hpp"
#include "entry/keys.hpp"
#include "lease/scripts.hpp"
#include "support/document.hpp"

namespace drover::audit::profiles_test {
namespace {

std::string name_of(const library_traces& traces) {
  const library_profile* library = find_library(traces);
  return library == nullptr ? "" : std::string{library->name};
}

TEST(audit_profiles, EachLibraryHasASettingForSomeRule) {
  for (const library_profile& library : profiles()) {
    SCOPED_TRACE(library.name);
    EXPECT_FALSE(library.stampede_handling.empty());
    EXPECT_FALSE(library.checked_with.empty());
    const auto rules = rule_definitions();
    EXPECT_TRUE(std::any_of(rules.begin(), rules.end(), [&](const rule_definition& rule) {
      return !setting_for(library.name, rule).empty();
    }));
    EXPECT_TRUE(!library.scripts.empty() || !library.keys.empty() || !library.clients.empty());
  }
}

TEST(audit_profiles, SettingsAreForLibrariesThatExist) {
  for (const rule_definition& rule : rule_definitions()) {
    SCOPED_TRACE(rule.text.id);
    for (const library_setting& setting : rule.settings) {
      EXPECT_NE(profile_named(setting.library), nullptr) << setting.library;
      ASSERT_FALSE(setting.change.empty()) << setting.library;
      EXPECT_NE(setting.change.back(), '.') << "the user of the text adds the full stop";
    }
  }
}

TEST(audit_profiles, KnowLibrariesByTheirKeys) {
  EXPECT_EQ(name_of({{}, {}, {"user:1", "_lockuser:1"}}), "dogpile.cache");
  EXPECT_EQ(name_of({{}, {}, {":1:user:1"}}), "Django");
  EXPECT_EQ(name_of({{}, {}, {"laravel_cache:user:1"}}), "Laravel");
  EXPECT_EQ(name_of({{}, {}, {"users~lock"}}), "Spring Data Redis");
  EXPECT_EQ(name_of({{}, {}, {"redisson_lock__channel:{a}"}}), "Redisson");
  EXPECT_EQ(name_of({{}, {}, {"bentocache:users:1"}}), "bentocache");
  EXPECT_EQ(name_of({{}, {}, {"keyv:w:1"}}), "Keyv");
  EXPECT_EQ(name_of({{}, {}, {"blog::blog:post:1"}}), "Keyv");
  EXPECT_EQ(name_of({{}, {}, {"blog::blogger:post:1"}}), "");
  EXPECT_EQ(name_of({{}, {}, {"::post:1"}}), "");
  EXPECT_EQ(name_of({{}, {}, {"rueidisid:00ff"}}), "rueidisaside");
}

TEST(audit_profiles, KnowLibrariesByTheirScripts) {
  EXPECT_EQ(name_of({{}, {"redis-py lock release"}, {"job"}}), "redis-py Lock");
  EXPECT_EQ(name_of({{}, {"redlock-node lock acquire"}, {"job"}}), "redlock (Node)");
  EXPECT_EQ(name_of({{}, {"redisson lock acquire"}, {"job"}}), "Redisson");
  EXPECT_EQ(name_of({{}, {"redlock-nodejs-of-mine"}, {"job"}}), "");
}

TEST(audit_profiles, KnowALibraryThatUsesAnotherOnesLock) {
  EXPECT_EQ(name_of({{"redis-py 4.3.4"}, {"redis-py lock release"}, {"user:1", "_lockuser:1"}}),
            "dogpile.cache");
}

TEST(audit_profiles, NeedMoreThanAShapeThatOthersHaveToo) {
  EXPECT_EQ(name_of({{}, {}, {"app:1:user:7"}}), "");
  EXPECT_EQ(name_of({{"redis-py 4.3.4"}, {}, {"app:1:user:7"}}), "Django");
  EXPECT_EQ(name_of({{"redis-py 4.3.4"}, {}, {"user:7"}}), "");
  EXPECT_EQ(name_of({{}, {}, {}}), "");
}

TEST(audit_profiles, AreRuledOutByAClientOfAnotherLanguage) {
  EXPECT_EQ(name_of({{"go-redis(,go1.22)"}, {}, {"_lockuser:1"}}), "");
  EXPECT_EQ(name_of({{"go-redis(,go1.22)"}, {"redsync lock release"}, {"job"}}), "redsync");
}

TEST(audit_profiles, KnowDroverByItsOwnTexts) {
  const entry::key_space space{"products", 1};
  EXPECT_EQ(name_of({{}, {}, {space.value_key("user:42")}}), "Drover");
  EXPECT_EQ(name_of({{}, {}, {space.refresh_mark_key("user:42")}}), "Drover");
  for (const lease::script& script : lease::scripts()) {
    EXPECT_EQ(name_of({{}, {"drover " + std::string{script.name}}, {"x"}}), "Drover");
  }
}

TEST(audit_profiles, AreWhatThePageSays) {
  const std::string page = test::document("docs/reference/audit-libraries.md");
  const std::string expected_page = profiles_page();
  if (page == expected_page) return;
  const auto path = std::filesystem::temp_directory_path() / "drover-audit-libraries.md";
  std::ofstream{path, std::ios::binary} << expected_page;
  ADD_FAILURE() << "docs/reference/audit-libraries.md differs from the profiles; the page as it "
                   "should be is in "
                << path;
}

TEST(audit_profiles, TurnAFindingIntoASetting) {
  finding finding;
  finding.rule = "C201";
  finding.message = "The lock never ends.";
  complete(finding, find_library({{"redis-py 4.3.4"}, {"redis-py lock release"}, {"_lockuser:1"}}));
  EXPECT_EQ(finding.name, "lock-no-ttl");
  EXPECT_EQ(finding.library, "dogpile.cache");
  EXPECT_NE(finding.advice.find("dogpile.cache: set `lock_timeout`"), std::string::npos)
      << finding.advice;
  EXPECT_EQ(finding.advice.find("Unverified"), std::string::npos);
  EXPECT_NE(finding.fix_prompt.find("`lock_timeout`"), std::string::npos);
}

TEST(audit_profiles, SayWhenTheyAreUnverified) {
  finding finding;
  finding.rule = "C201";
  complete(finding, find_library({{}, {}, {"users~lock"}}));
  EXPECT_EQ(finding.library, "Spring Data Redis");
  EXPECT_NE(finding.advice.find("Unverified"), std::string::npos);
}

TEST(audit_profiles, LeaveTheRulesAdviceWhereALibraryHasNoSay) {
  finding finding;
  finding.rule = "C402";
  complete(finding, find_library({{}, {}, {"users~lock"}}));
  EXPECT_EQ(finding.library, "");
  EXPECT_EQ(finding.advice, rule_of("C402").advice);
  complete(finding, nullptr);
  EXPECT_EQ(finding.advice, rule_of("C402").advice);
}

}  // namespace
}  // namespace drover::audit::profiles_test
