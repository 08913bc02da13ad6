// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

#include "cli/exit_codes.hpp"

namespace drover::cli {
namespace {

using std::chrono::milliseconds;

command parsed(std::initializer_list<const char*> typed) {
  std::vector<const char*> arguments{"drover"};
  arguments.insert(arguments.end(), typed);
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

simulate::demo_options demo(std::initializer_list<const char*> typed) {
  const command got = parsed(typed);
  if (const auto* options = std::get_if<simulate::demo_options>(&got)) return *options;
  ADD_FAILURE() << std::get<showing>(got).text;
  return {};
}

showing shown(std::initializer_list<const char*> typed) {
  const command got = parsed(typed);
  if (const auto* text = std::get_if<showing>(&got)) return *text;
  ADD_FAILURE() << "accepted";
  return {};
}

TEST(command_line, HasTheDemoOfTheReadmeByDefault) {
  const auto options = demo({"demo"});
  EXPECT_EQ(options.processes, 4U);
  EXPECT_EQ(options.callers, 50U);
  EXPECT_EQ(options.loads, (std::vector{milliseconds{50}, milliseconds{2000}}));
  EXPECT_FALSE(options.is_json);
}

TEST(command_line, ReadsEveryOptionOfTheDemo) {
  const auto options = demo({"demo", "--processes", "2", "--callers=20", "--load-ms", "5,70,900",
                             "--redis-server", "/opt/redis-server", "--json"});
  EXPECT_EQ(options.processes, 2U);
  EXPECT_EQ(options.callers, 20U);
  EXPECT_EQ(options.loads, (std::vector{milliseconds{5}, milliseconds{70}, milliseconds{900}}));
  EXPECT_EQ(options.redis_server, "/opt/redis-server");
  EXPECT_TRUE(options.is_json);
}

TEST(command_line, AcceptsTheLimitsThemselves) {
  EXPECT_EQ(demo({"demo", "--processes", "4", "--callers", "500"}).callers, 500U);
  EXPECT_EQ(demo({"demo", "--processes", "32", "--callers", "1"}).processes, 32U);
  EXPECT_EQ(demo({"demo", "--load-ms", "1,20000"}).loads.back(), milliseconds{20000});
}

struct refusal {
  std::vector<const char*> typed;
  std::string says;
};

TEST(command_line, RefusesWhatCannotBeMeantNamingTheInputAndTheRemedy) {
  const std::vector<refusal> refusals{
      {{"demo", "--callers", "0"}, "--callers '0': give a whole number from 1 to 500"},
      {{"demo", "--callers", "501"}, "--callers '501': give a whole number from 1 to 500"},
      {{"demo", "--callers", "many"}, "--callers 'many': give a whole number"},
      {{"demo", "--callers", "5x"}, "--callers '5x': give a whole number"},
      {{"demo", "--callers", "99999999999999"}, "--callers '99999999999999': give a whole number"},
      {{"demo", "--processes", "33"}, "--processes '33': give a whole number from 1 to 32"},
      {{"demo", "--processes", "1.5"}, "--processes '1.5': give a whole number"},
      {{"demo", "--processes", "8", "--callers", "251"}, "2008 callers in all are more than 2000"},
      {{"demo", "--load-ms", "50,"}, "--load-ms '': give a whole number from 1 to 20000"},
      {{"demo", "--load-ms", "50,,60"}, "--load-ms '': give a whole number"},
      {{"demo", "--load-ms", "20001"}, "--load-ms '20001': give a whole number"},
      {{"demo", "--load-ms", "1,2,3,4,5,6,7,8,9"}, "at most 8 values at a time"},
      {{"demo", "--frobnicate"}, "--frobnicate"},
      {{"demo", "surplus"}, "surplus"},
      {{"demon"}, "demon"},
      {{"herd-member"}, "--board"},
  };
  for (const refusal& each : refusals) {
    std::vector<const char*> arguments{"drover"};
    arguments.insert(arguments.end(), each.typed.begin(), each.typed.end());
    const command got = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
    const auto* const text = std::get_if<showing>(&got);
    ASSERT_NE(text, nullptr) << each.says;
    EXPECT_EQ(text->exit_code, exit_usage) << each.says;
    EXPECT_NE(text->text.find(each.says), std::string::npos) << text->text;
    EXPECT_NE(text->text.find("--help"), std::string::npos) << text->text;
  }
}

TEST(command_line, TeachesByItsHelp) {
  const showing help = shown({"--help"});
  EXPECT_EQ(help.exit_code, exit_met);
  EXPECT_NE(help.text.find("drover demo"), std::string::npos);
  const showing of_demo = shown({"demo", "--help"});
  EXPECT_EQ(of_demo.exit_code, exit_met);
  for (const char* const part :
       {"drover demo [OPTIONS]", "--processes", "--callers", "--load-ms", "--redis-server",
        "--json", "Exit codes", "Examples", "DROVER_REDIS_SERVER", "NO_COLOR"}) {
    EXPECT_NE(of_demo.text.find(part), std::string::npos) << part << "\n" << of_demo.text;
  }
}

TEST(command_line, HidesWhatIsNotForPeople) {
  EXPECT_EQ(shown({"--help"}).text.find("herd-member"), std::string::npos);
}

TEST(command_line, SaysItsVersion) {
  const showing version = shown({"--version"});
  EXPECT_EQ(version.exit_code, exit_met);
  EXPECT_EQ(version.text.substr(0, 7), "drover ");
  EXPECT_EQ(version.text.back(), '\n');
}

TEST(command_line, ShowsHelpWhenNothingWasAskedFor) {
  const showing help = shown({});
  EXPECT_EQ(help.exit_code, exit_usage);
  EXPECT_NE(help.text.find("drover demo"), std::string::npos);
}

}  // namespace
}  // namespace drover::cli
