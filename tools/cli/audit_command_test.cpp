// SPDX-License-Identifier: MIT
#include "cli/audit_command.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.hpp"
#include "process/exit_codes.hpp"

namespace drover::cli::audit_command_test {
namespace {

using namespace std::chrono_literals;
using audit::audit_format;
using audit::audit_options;

command parsed(std::vector<const char*> typed) {
  typed.insert(typed.begin(), {"drover", "audit"});
  return parse_command_line(static_cast<int>(typed.size()), typed.data());
}

audit_options parsed_options(const std::vector<const char*>& typed) {
  const command result = parsed(typed);
  if (const auto* options = std::get_if<audit_options>(&result)) return *options;
  const auto* text = std::get_if<text_result>(&result);
  ADD_FAILURE() << (text != nullptr ? text->text : "another command was parsed");
  return {};
}

std::string refusal(const std::vector<const char*>& typed) {
  const command result = parsed(typed);
  const auto* text = std::get_if<text_result>(&result);
  if (text == nullptr) {
    ADD_FAILURE() << "accepted: " << typed.front();
    return "";
  }
  EXPECT_EQ(text->exit_code, process::exit_usage) << text->text;
  return text->text;
}

TEST(audit_command, WhatStandsBehindTheDashesIsTheCommandAndNothingElse) {
  const auto options =
      parsed_options({"--fail-on", "warning", "--", "app", "--format", "x", "--", "y"});
  EXPECT_EQ(options.program, (std::vector<std::string>{"app", "--format", "x", "--", "y"}));
  EXPECT_EQ(options.fail_on, audit::severity::warning);
  EXPECT_EQ(options.reports.size(), 1U);
}

TEST(audit_command, ACommandWithoutDashesIsRefusedWithTheRemedy) {
  EXPECT_NE(refusal({"python3", "app.py"}).find("--"), std::string::npos);
  EXPECT_NE(refusal({"--"}).find("command"), std::string::npos);
}

TEST(audit_command, TlsIsForTheServerTheApplicationOrBoth) {
  const auto none = parsed_options({"--", "app"});
  EXPECT_TRUE(none.server_tls.ca.file.empty());
  EXPECT_FALSE(none.makes_certificate);
  EXPECT_FALSE(none.certificate);
  const auto both = parsed_options({"--upstream", "rediss://db", "--upstream-ca", "ca.pem",
                                    "--upstream-name", "cache", "--tls", "--", "app"});
  EXPECT_EQ(both.server_tls.ca.file, "ca.pem");
  EXPECT_EQ(both.server_tls.server_name, "cache");
  EXPECT_TRUE(both.makes_certificate);
  const auto own = parsed_options({"--tls-cert", "a", "--tls-key", "b", "--upstream-cert", "c",
                                   "--upstream-key", "d", "--", "app"});
  ASSERT_TRUE(own.certificate);
  EXPECT_EQ(own.certificate->first, "a");
  EXPECT_EQ(own.server_tls.key.file, "d");
  EXPECT_NE(refusal({"--tls", "--tls-cert", "a", "--tls-key", "b"}).find("--tls "),
            std::string::npos);
  EXPECT_NE(refusal({"--tls-cert", "a"}).find("--tls-key"), std::string::npos);
  EXPECT_NE(refusal({"--redis", "auto", "--upstream-ca", "a"}).find("--redis auto"),
            std::string::npos);
  EXPECT_NE(refusal({"--replay", "r", "--tls"}).find("--replay"), std::string::npos);
}

TEST(audit_command, OutagesAreAListOfKinds) {
  const auto usual = parsed_options({"--outages", "away,slow", "--", "app"});
  EXPECT_EQ(usual.outages, (std::vector{audit::outage_kind::away, audit::outage_kind::slow}));
  EXPECT_EQ(usual.outage_pace.length, 5s);
  EXPECT_FALSE(usual.check);
  const auto all = parsed_options({"--outages", "all", "--outage-after", "3s", "--outage-length",
                                   "2s", "--outage-pause", "4s", "--for", "33s", "--check",
                                   "http://127.0.0.1:8080/", "--check-timeout", "500ms"});
  EXPECT_EQ(all.outages.size(), audit::outage_kind_count);
  EXPECT_EQ(all.outage_pace.before, 3s);
  EXPECT_EQ(all.outage_pace.pause, 4s);
  ASSERT_TRUE(all.check);
  EXPECT_EQ(all.check->server.port, 8080);
  EXPECT_EQ(all.check_timeout, 500ms);
}

TEST(audit_command, ASampleIsAPercentage) {
  EXPECT_EQ(parsed_options({"--", "app"}).keys_per_million, audit::all_keys);
  EXPECT_EQ(parsed_options({"--sample", "10%"}).keys_per_million, 100'000U);
  EXPECT_EQ(parsed_options({"--sample", "0.1%"}).keys_per_million, 1'000U);
  EXPECT_EQ(parsed_options({"--sample", "100%"}).keys_per_million, audit::all_keys);
}

TEST(audit_command, EachFormatHasTheFileBehindIt) {
  const auto options = parsed_options(
      {"--format", "json", "--out", "a", "--format", "text", "--format", "html", "--out", "b"});
  ASSERT_EQ(options.reports.size(), 3U);
  EXPECT_EQ(options.reports[0].format, audit_format::json);
  EXPECT_EQ(options.reports[0].out, "a");
  EXPECT_EQ(options.reports[1].format, audit_format::text);
  EXPECT_FALSE(options.reports[1].out);
  EXPECT_EQ(options.reports[2].out, "b");
}

TEST(audit_command, AnOutAloneIsForTheText) {
  const auto options = parsed_options({"--out", "a"});
  ASSERT_EQ(options.reports.size(), 1U);
  EXPECT_EQ(options.reports[0].format, audit_format::text);
  EXPECT_EQ(options.reports[0].out, "a");
}

TEST(audit_command, OneReportAtMostGoesToStandardOutput) {
  EXPECT_NE(refusal({"--format", "json", "--format", "text"}).find("--out"), std::string::npos);
  EXPECT_NE(refusal({"--format", "json", "--out", "a", "--out", "b"}).find("'b'"),
            std::string::npos);
}

TEST(audit_command, RolesAreReadFromTheirLastEqualsSign) {
  const auto options = parsed_options({"--role", "a=b:*=lock", "--role", "s:*=ignore"});
  ASSERT_EQ(options.roles.size(), 2U);
  EXPECT_EQ(options.roles[0].first, "a=b:*");
  EXPECT_EQ(options.roles[0].second, audit::key_role::lock);
  EXPECT_EQ(options.roles[1].second, audit::key_role::ignored);
}

TEST(audit_command, OriginsMayBeCountedInManyWays) {
  const auto options =
      parsed_options({"--origin-redis", "127.0.0.1:1", "loads", "--origin-log", "f",
                      "--origin-regex", "x", "--origin-tcp", "1=2", "--origin-tcp", "3=4"});
  ASSERT_EQ(options.origins.redis.size(), 1U);
  EXPECT_EQ(options.origins.redis[0].second, "loads");
  EXPECT_EQ(options.origins.logs.size(), 1U);
  EXPECT_EQ(options.origins.tcp.size(), 2U);
}

TEST(audit_command, WhatCannotBeMeantIsNamedWithItsRemedy) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{"--format", "pdf"}, "'pdf'"},
      {{"--role", "x=boss"}, "'x=boss'"},
      {{"--role", "=lock"}, "'=lock'"},
      {{"--require", "C999"}, "'C999'"},
      {{"--fail-on", "anything"}, "'anything'"},
      {{"--redis", "yes"}, "'yes'"},
      {{"--redis", "auto", "--upstream", "x:1"}, "--upstream"},
      {{"--set-env", "A=1"}, "command"},
      {{"--set-env", "A", "--", "app"}, "'A'"},
      {{"--replay", "f", "--record", "g"}, "--record"},
      {{"--replay", "f", "--", "app"}, "--replay"},
      {{"--allow", "x"}, "--active"},
      {{"--active"}, "--allow"},
      {{"--active", "--redis", "auto", "--hash-keys"}, "--hash-keys"},
      {{"--barrier"}, "--active"},
      {{"--origin-log", "f"}, "--origin-regex"},
      {{"--origin-regex", "f"}, "--origin-log"},
      {{"--origin-tcp", "1"}, "'1'"},
      {{"--for", "soon"}, "'soon'"},
      {{"--report-every", "10ms"}, "'10ms'"},
      {{"--report-every", "1m", "--active", "--redis", "auto"}, "--active"},
      {{"--report-every", "1m", "--record", "f"}, "--record"},
      {{"--report-every", "1m", "--write-baseline", "f"}, "--write-baseline"},
      {{"--report-every", "1m", "--keep", "0"}, "'0'"},
      {{"--keep", "3"}, "--report-every"},
      {{"--replay", "f", "--metrics", "9464"}, "--metrics"},
      {{"--sample", "10"}, "10%"},
      {{"--sample", "0%"}, "'0%'"},
      {{"--sample", "0.01%"}, "0.1%"},
      {{"--sample", "101%"}, "'101%'"},
      {{"--sample", "ten%"}, "'ten%'"},
      {{"--replay", "f", "--sample", "10%"}, "--sample"},
      {{"--keys-max", "1"}, "--keys-max"},
      {{"--exit-code", "x"}, "'x'"},
      {{"--fault-seed", "1"}, "--fault-seed requires"},
      {{"--fault", "drop", "--fault-seed", "x"}, "--fault-seed"},
      {{"--fault", "drop", "--replay", "f"}, "--fault cannot"},
      {{"--fault-script", "f", "--hash-keys"}, "--hash-keys"},
      {{"--outages", "sleepy"}, "must be slow, errors, full, silent, away or all"},
      {{"--outages", "all", "--hash-keys"}, "--hash-keys"},
      {{"--outages", "all", "--report-every", "1h"}, "--report-every"},
      {{"--outages", "all", "--replay", "f"}, "--outages cannot"},
      {{"--outages", "all", "--for", "84s"}, "take 85 s"},
      {{"--outages", "all", "--outage-length", "10m", "--outage-pause", "2m"}, "55 minutes"},
      {{"--outages", "all", "--check", "https://a"}, "TLS is not supported"},
      {{"--outage-after", "1s"}, "--outage-after requires --outages"},
      {{"--check", "true"}, "--check requires --outages"},
      {{"--outages", "away", "--check-timeout", "1s"}, "--check-timeout requires --check"},
      {{"--no-such"}, "--no-such"},
  };
  for (const auto& [typed, named] : cases) {
    EXPECT_NE(refusal(typed).find(named), std::string::npos) << typed[0] << ": " << refusal(typed);
  }
}

TEST(audit_command, FaultsKeepTheOrderOfTheCommandLine) {
  const auto options = parsed_options({"--fault", "drop nth=3", "--fault-script", "f.txt",
                                       "--fault", "reset", "--fault-seed", "7"});
  ASSERT_EQ(options.fault_sources.size(), 3U);
  EXPECT_EQ(options.fault_sources[0].text, "drop nth=3");
  EXPECT_FALSE(options.fault_sources[0].is_file);
  EXPECT_EQ(options.fault_sources[1].text, "f.txt");
  EXPECT_TRUE(options.fault_sources[1].is_file);
  EXPECT_EQ(options.fault_sources[1].option, "--fault-script");
  EXPECT_EQ(options.fault_sources[2].text, "reset");
  EXPECT_EQ(options.fault_seed, 7U);
  EXPECT_TRUE(parsed_options({"--", "app"}).fault_sources.empty());
}

TEST(audit_command, TheReportNeverRepeatsAPassword) {
  const auto options =
      parsed_options({"--upstream", "redis://u:hush@h:1", "--", "redis-cli", "-a", "hush"});
  EXPECT_EQ(options.typed.find("hush"), std::string::npos) << options.typed;
  EXPECT_NE(options.typed.find("redis-cli"), std::string::npos) << options.typed;
}

TEST(audit_command, WhatHiddenNamesMakeSenselessIsRefused) {
  EXPECT_NE(refusal({"--hash-keys", "--role", "user:*=ignore", "--", "app"}).find("--role"),
            std::string::npos);
  EXPECT_NE(refusal({"--hash-keys", "--baseline", "b.json", "--", "app"}).find("--baseline"),
            std::string::npos);
  EXPECT_TRUE(parsed_options({"--hash-keys", "--", "app"}).hides_keys);
}

}  // namespace
}  // namespace drover::cli::audit_command_test
