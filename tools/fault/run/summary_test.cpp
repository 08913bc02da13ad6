// SPDX-License-Identifier: MIT
#include "fault/run/summary.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "fault/plan/spec_parser.hpp"
#include "fault/script/script_sources.hpp"
#include "text/usage_error.hpp"

namespace drover::faults::summary_test {
namespace {

summary sample() {
  summary result;
  result.seed = 7;
  result.specs = std::get<std::vector<fault_spec>>(
      parse_script("drop nth=2\nduplicate\ncut key=\"a b\"\nreset nth=1000\ndown for=1s"));
  result.counts.connections = 2;
  result.counts.requests = 1200;
  result.counts.specs = {{1200, 1, 0}, {1200, 1199, 1}, {0, 0, 0}, {9, 0, 0}, {0, 0, 0}};
  return result;
}

TEST(fault_summary, CountsEachFault) {
  EXPECT_EQ(text_summary(sample(), {}),
            "1,200 faults injected: 2 connections, 1,200 requests, seed 7\n"
            "\n"
            "fault  selected  injected  spec\n"
            "    1     1,200         1  drop nth=2\n"
            "    2     1,200     1,199  duplicate       1 not injected: reply too large\n"
            "    3         0         0  cut key=\"a b\"   selected nothing\n"
            "    4         9         0  reset nth=1000  never injected\n"
            "    5         -         0  down for=1s     its time never came\n");
}

TEST(fault_summary, SaysWhatWasNotTested) {
  summary result = sample();
  result.counts.unchanged_connections = 1;
  result.counts.turned_away = 2;
  result.log_lines_lost = 3;
  const std::string text = text_summary(result, {});
  EXPECT_NE(text.find("1 connection passed without faults after SUBSCRIBE"), std::string::npos);
  EXPECT_NE(text.find("2 clients were turned away"), std::string::npos);
  EXPECT_NE(text.find("3 lines of the log could not be written"), std::string::npos);
}

TEST(fault_summary, IsJsonWithTheExitCodeOfTheCommand) {
  summary result = sample();
  EXPECT_EQ(json_summary(result).find("command_exit_code"), std::string::npos);
  result.command_code = 3;
  const std::string json = json_summary(result);
  EXPECT_NE(json.find("\"command_exit_code\": 3"), std::string::npos);
  EXPECT_NE(json.find("\"spec\": \"cut key=\\\"a b\\\"\""), std::string::npos);
}

std::string error_of(const std::vector<script_source>& sources) {
  try {
    static_cast<void>(read_sources(sources));
    return "";
  } catch (const text::usage_error& error) {
    return error.what();
  }
}

TEST(fault_sources, NameTheInputThePlaceAndTheRemedy) {
  EXPECT_EQ(read_sources({{false, "drop", "--fault"}, {false, "cut", "--fault"}}).size(), 2U);
  EXPECT_EQ(error_of({{false, "drop nth=0", "--fault"}}),
            "--fault 'drop nth=0': column 6: 'nth=0': nth= must be followed by a number from 1, or "
            "a range such as 3..5 or 3.. (--list-faults lists all kinds and settings)");
  EXPECT_NE(error_of({}).find("no fault is given"), std::string::npos);
  EXPECT_NE(error_of({{false, "# none", "--fault"}}).find("there is no fault in it"),
            std::string::npos);
  EXPECT_NE(error_of({{true, "/no/such/file", "--script"}}).find("/no/such/file"),
            std::string::npos);
}

}  // namespace
}  // namespace drover::faults::summary_test
