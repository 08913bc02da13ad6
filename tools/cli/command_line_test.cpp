// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

#include "process/exit_codes.hpp"
#include "simulate/strategies/strategy.hpp"

namespace drover::cli::command_line_test {
namespace {

using namespace std::chrono_literals;

command parsed(const std::vector<const char*>& typed) {
  std::vector<const char*> arguments{"drover"};
  arguments.insert(arguments.end(), typed.begin(), typed.end());
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

template <class Options>
Options parsed_options(const std::vector<const char*>& typed) {
  const command result = parsed(typed);
  if (const auto* options = std::get_if<Options>(&result)) return *options;
  const auto* text = std::get_if<text_result>(&result);
  ADD_FAILURE() << (text != nullptr ? text->text : "another command was parsed");
  return {};
}

simulate::simulate_options simulation(std::vector<const char*> typed) {
  typed.insert(typed.begin(), "simulate");
  return parsed_options<simulate::simulate_options>(typed);
}

text_result printed_result(const std::vector<const char*>& typed) {
  const command result = parsed(typed);
  if (const auto* text = std::get_if<text_result>(&result)) return *text;
  ADD_FAILURE() << "accepted";
  return {};
}

std::vector<std::string> texts_of(const std::vector<simulate::load_time>& loads) {
  std::vector<std::string> texts;
  for (const auto& load : loads) texts.push_back(load.text());
  return texts;
}

TEST(command_line, PlaysTheFirstScenarioWhenNothingElseIsAskedFor) {
  const auto options = simulation({});
  EXPECT_EQ(options.chosen_scenario->name, "expiry");
  EXPECT_EQ(options.processes, 4U);
  EXPECT_EQ(options.callers, 50U);
  EXPECT_EQ(options.events, 1U);
  EXPECT_EQ(texts_of(options.loads), (std::vector<std::string>{"50", "2000"}));
  EXPECT_EQ(options.strategies.front(), "cache-aside");
  EXPECT_FALSE(options.redis_url);
  ASSERT_EQ(options.reports.size(), 1U);
  EXPECT_EQ(options.reports[0].format, simulate::report_format::text);
  EXPECT_FALSE(options.reports[0].out);
  EXPECT_TRUE(options.expected.empty());
  EXPECT_EQ(options.command, "drover simulate");
}

TEST(command_line, ReadsEveryOptionOfASimulation) {
  const auto options = simulation({"--scenario",
                                   "traffic",
                                   "--strategy",
                                   "xfetch,drover",
                                   "--strategy-command",
                                   "python3 'my client.py' {redis}",
                                   "--processes",
                                   "2",
                                   "--callers=20",
                                   "--load-ms",
                                   "uniform:5-70,900",
                                   "--ttl",
                                   "1500ms",
                                   "--events",
                                   "7",
                                   "--redis",
                                   "redis://user:secret@host",
                                   "--redis-is-mine",
                                   "--redis-server",
                                   "/opt/redis-server",
                                   "--origin",
                                   "postgresql",
                                   "--postgresql-bin",
                                   "/opt/postgresql/bin",
                                   "--format",
                                   "html",
                                   "--out",
                                   "page.html",
                                   "--seed",
                                   "42",
                                   "--expect",
                                   "errors=0"});
  EXPECT_EQ(options.chosen_scenario->name, "traffic");
  EXPECT_EQ(options.strategies, (std::vector<std::string>{"xfetch", "drover", "command"}));
  EXPECT_EQ(options.strategy_command, "python3 'my client.py' {redis}");
  EXPECT_EQ(options.processes, 2U);
  EXPECT_EQ(options.callers, 20U);
  EXPECT_EQ(texts_of(options.loads), (std::vector<std::string>{"uniform:5-70", "900"}));
  EXPECT_EQ(options.ttl, 1500ms);
  EXPECT_EQ(options.events, 7U);
  EXPECT_EQ(options.redis_url, "redis://user:secret@host");
  EXPECT_EQ(options.redis_server, "/opt/redis-server");
  EXPECT_EQ(options.origin.which, simulate::origin_choice::kind::postgresql_private);
  EXPECT_EQ(options.postgresql_bin, "/opt/postgresql/bin");
  ASSERT_EQ(options.reports.size(), 1U);
  EXPECT_EQ(options.reports[0].format, simulate::report_format::html);
  EXPECT_EQ(options.reports[0].out, "page.html");
  EXPECT_EQ(options.seed, 42U);
  EXPECT_EQ(options.expected.size(), 1U);
}

TEST(command_line, HasACommandThatRepeatsTheSimulationAndTellsNoPassword) {
  const auto options = simulation({"--redis", "redis://user:secret@host", "--redis-is-mine",
                                   "--strategy-command", "it's {key}"});
  EXPECT_EQ(options.command.find("secret"), std::string::npos) << options.command;
  const auto other = simulation({"--origin", "postgresql://user:secret@host/db"});
  EXPECT_EQ(other.command, "drover simulate --origin postgresql://user@host/db");
  EXPECT_EQ(simulation({"--load-ms", "uniform:5-70,lognormal:50:0.5"}).command,
            "drover simulate --load-ms uniform:5-70,lognormal:50:0.5");
  EXPECT_NE(options.command.find("--strategy-command 'it'\\''s {key}'"), std::string::npos)
      << options.command;
}

TEST(command_line, TakesTheScenariosOwnDefaults) {
  for (const simulate::scenario& scenario : simulate::scenarios()) {
    const std::string name{scenario.name};
    const auto options = simulation({"--scenario", name.c_str()});
    EXPECT_EQ(options.chosen_scenario->name, scenario.name);
    EXPECT_EQ(options.callers, scenario.usual.callers) << name;
    EXPECT_EQ(options.ttl, scenario.usual.ttl) << name;
    EXPECT_FALSE(simulate::parse_expectations(scenario.promise).conditions.empty()) << name;
    EXPECT_EQ(simulate::parse_expectations(scenario.promise).error, "") << name;
  }
}

TEST(command_line, PlaysAllStrategiesOrOnlyTheProgram) {
  EXPECT_EQ(simulation({"--strategy", "all"}).strategies.size(), simulate::strategies().size());
  EXPECT_EQ(simulation({"--strategy-command", "x"}).strategies,
            (std::vector<std::string>{"command"}));
}

TEST(command_line, TakesSeveralFormatsEachWithItsOwnFile) {
  const auto options = simulation(
      {"--format", "json", "--out", "a", "--format", "text", "--format", "html", "--out", "b"});
  ASSERT_EQ(options.reports.size(), 3U);
  EXPECT_EQ(options.reports[0].format, simulate::report_format::json);
  EXPECT_EQ(options.reports[0].out, "a");
  EXPECT_EQ(options.reports[1].format, simulate::report_format::text);
  EXPECT_FALSE(options.reports[1].out);
  EXPECT_EQ(options.reports[2].format, simulate::report_format::html);
  EXPECT_EQ(options.reports[2].out, "b");
}

TEST(command_line, TakesFormerNamesOfStrategies) {
  EXPECT_EQ(simulation({"--strategy", "lock,xfetch-article"}).strategies,
            (std::vector<std::string>{"retry-lock", "xfetch-by-age"}));
}

struct refused_case {
  std::vector<const char*> typed;
  const char* expected;
};

TEST(command_line, RefusesWhatCannotBeMeantAndSaysWhatCan) {
  const std::vector<refused_case> cases{
      {{"simulate", "--scenario", "none"}, "cold-start"},
      {{"simulate", "--strategy", "none-such"}, "cache-aside"},
      {{"simulate", "--strategy", "lock,,xfetch"}, "--strategy"},
      {{"simulate", "--strategy", "lock,lock"}, "twice"},
      {{"simulate", "--strategy", "lock,retry-lock"}, "twice"},
      {{"simulate", "--strategy", "command"}, "give a list of cache-aside"},
      {{"simulate", "--strategy-command", " "}, "--strategy-command"},
      {{"simulate", "--processes", "0"}, "from 1 to 32"},
      {{"simulate", "--callers", "1001"}, "from 1 to 1000"},
      {{"simulate", "--processes", "32", "--callers", "126"}, "4032 in all"},
      {{"simulate", "--load-ms", "fast"}, "uniform:"},
      {{"simulate", "--load-ms", "1,2,3,4,5,6,7,8,9"}, "at most 8"},
      {{"simulate", "--ttl", "1ms"}, "--ttl '1ms'"},
      {{"simulate", "--events", "101"}, "from 1 to 100"},
      {{"simulate", "--redis", "redis://h"}, "--redis-is-mine"},
      {{"simulate", "--redis", "redis://h", "--redis-is-mine", "--scenario", "flushall"},
       "private one only"},
      {{"simulate", "--origin", "mysql://u:secret@h"}, "sqlite"},
      {{"simulate", "--origin", "postgres"}, "postgresql://"},
      {{"simulate", "--format", "pdf"}, "html"},
      {{"simulate", "--format", "json", "--format", "csv"},
       "only one report can go to standard output"},
      {{"simulate", "--format", "json", "--format", "xml"}, "--format 'xml'"},
      {{"simulate", "--format", "json", "--out", "a", "--format", "csv", "--out", "a"},
       "--out 'a' is given twice"},
      {{"simulate", "expiry"}, "expiry"},
      {{"frobnicate"}, "unknown command 'frobnicate'"},
      {{"audit", "--format", "text", "--format", "csv"}, "--format 'csv'"},
      {{"simulate", "--format", "json", "--out", "a", "--out", "b"},
       "--out 'b': each --out must follow"},
      {{"simulate", "--seed", "x"}, "--seed 'x'"},
      {{"simulate", "--expect", "speed=1"}, "queries-per-event"},
      {{"simulate", "--no-such"}, "--no-such"},
      {{"simulate", "extra"}, "extra"},
      {{"no-such-command"}, "no-such-command"},
  };
  for (const refused_case& example : cases) {
    const text_result result = printed_result(example.typed);
    EXPECT_EQ(result.exit_code, process::exit_usage) << result.text;
    EXPECT_NE(result.text.find(example.expected), std::string::npos)
        << example.expected << " in " << result.text;
    EXPECT_EQ(result.text.find("secret"), std::string::npos) << result.text;
    EXPECT_NE(result.text.find("--help"), std::string::npos) << result.text;
  }
}

TEST(command_line, HelpsAndListsAndNamesItsVersion) {
  EXPECT_EQ(printed_result({"--help"}).exit_code, process::exit_success);
  EXPECT_NE(printed_result({"simulate", "--help"}).text.find("Exit codes"), std::string::npos);
  EXPECT_NE(printed_result({"simulate", "--list"}).text.find("holder-killed"), std::string::npos);
  EXPECT_NE(printed_result({"--version"}).text.find("drover "), std::string::npos);
  EXPECT_EQ(printed_result({}).exit_code, process::exit_usage);
}

}  // namespace
}  // namespace drover::cli::command_line_test
