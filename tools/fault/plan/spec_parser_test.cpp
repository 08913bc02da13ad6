// SPDX-License-Identifier: MIT
#include "fault/plan/spec_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "fault/plan/fault_kinds.hpp"
#include "fault/plan/spec_settings.hpp"

namespace drover::faults::spec_parser_test {
namespace {

using namespace std::chrono_literals;

fault_spec spec_in(const std::string& line) {
  const parsed_line parsed = parse_line(line);
  if (const auto* error = std::get_if<spec_error>(&parsed)) {
    ADD_FAILURE() << line << ": " << error->text;
    return {};
  }
  return std::get<std::optional<fault_spec>>(parsed).value_or(fault_spec{});
}

spec_error error_in(const std::string& line) {
  const parsed_line parsed = parse_line(line);
  if (const auto* error = std::get_if<spec_error>(&parsed)) return *error;
  ADD_FAILURE() << "accepted: " << line;
  return {};
}

TEST(fault_spec_parser, ReadsEverySettingOfTheSelection) {
  const fault_spec spec = spec_in(
      "drop command=get,h*,!hello key=user:*,!user:1 connection=2..4 nth=3.. every=2 "
      "per=connection chance=12.5% from=1.5s for=250ms limit=7");
  EXPECT_EQ(spec.kind, fault_kind::drop);
  EXPECT_EQ(spec.commands.included, (std::vector<std::string>{"GET", "H*"}));
  EXPECT_EQ(spec.commands.excluded, (std::vector<std::string>{"HELLO"}));
  EXPECT_EQ(spec.keys.included, (std::vector<std::string>{"user:*"}));
  EXPECT_EQ(spec.keys.excluded, (std::vector<std::string>{"user:1"}));
  EXPECT_EQ(spec.connections.first, 2U);
  EXPECT_EQ(spec.connections.last, 4U);
  EXPECT_EQ(spec.ordinals.first, 3U);
  EXPECT_EQ(spec.ordinals.last, no_maximum);
  EXPECT_EQ(spec.every, 2U);
  EXPECT_TRUE(spec.counts_per_connection);
  EXPECT_DOUBLE_EQ(spec.chance, 0.125);
  EXPECT_EQ(spec.from, 1500ms);
  EXPECT_EQ(spec.length, 250ms);
  EXPECT_EQ(spec.limit, 7U);
}

TEST(fault_spec_parser, ReadsTheDelays) {
  EXPECT_EQ(spec_in("delay time=20ms").delay.low, 20ms);
  EXPECT_EQ(spec_in("delay time=20ms").delay.high, 20ms);
  EXPECT_EQ(spec_in("delay time=250us..2m").delay.low, 250us);
  EXPECT_EQ(spec_in("delay time=250us..2m").delay.high, 2min);
  EXPECT_EQ(spec_in("delay mean=30ms").delay.high, 300ms);
  EXPECT_EQ(spec_in("delay mean=30ms max=40ms").delay.high, 40ms);
  EXPECT_EQ(spec_in("delay mean=30ms max=40ms").delay.mean, 30ms);
}

TEST(fault_spec_parser, ReadsTheSettingsOfTheOtherKinds) {
  EXPECT_EQ(spec_in("cut at=7 by=reset").cut_at, 7U);
  EXPECT_TRUE(spec_in("cut at=7 by=reset").cuts_by_reset);
  EXPECT_FALSE(spec_in("cut").cut_at);
  EXPECT_FALSE(spec_in("cut at=random by=end").cut_at);
  EXPECT_EQ(spec_in("slice size=3 pause=0ms").slice_size, 3U);
  EXPECT_EQ(spec_in("slice size=3 pause=0ms").slice_pause, 0us);
  EXPECT_EQ(spec_in("error code=oom").bytes,
            "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  EXPECT_EQ(spec_in("error text=\"ERR a b\"").bytes, "-ERR a b\r\n");
  EXPECT_EQ(spec_in(R"(push bytes=">1\r\n+\"\\\x41\n")").bytes, ">1\r\n+\"\\A\n");
  EXPECT_EQ(spec_in("push").bytes, "");
}

TEST(fault_spec_parser, KnowsWhetherTheServerGetsTheRequest) {
  EXPECT_FALSE(spec_in("error code=OOM").is_executed);
  EXPECT_TRUE(spec_in("error code=OOM executed=yes").is_executed);
  EXPECT_FALSE(spec_in("reset").is_executed);
  EXPECT_FALSE(spec_in("half-open").is_executed);
  EXPECT_TRUE(spec_in("drop").is_executed);
  EXPECT_FALSE(spec_in("drop executed=no").is_executed);
  EXPECT_TRUE(spec_in("cut").is_executed);
}

TEST(fault_spec_parser, AcceptsTheExampleOfEachKind) {
  for (const kind_description& description : all_kinds()) {
    const fault_spec spec = spec_in(std::string{description.example});
    EXPECT_EQ(spec.kind, description.kind);
    EXPECT_EQ(spec.text, description.example);
    EXPECT_NE(list_of_kinds().find(description.example), std::string::npos);
  }
}

TEST(fault_spec_parser, IgnoresEmptyLinesAndComments) {
  for (const char* const line : {"", "   \t", "# drop", "  # drop"}) {
    const auto parsed = parse_line(line);
    const auto* const spec = std::get_if<std::optional<fault_spec>>(&parsed);
    EXPECT_TRUE(spec != nullptr && !*spec) << line;
  }
  EXPECT_EQ(spec_in(" drop  nth=2 # the second").ordinals.first, 2U);
  EXPECT_EQ(spec_in("drop key=a#b").keys.included.front(), "a#b");
  EXPECT_EQ(spec_in("drop key=\"a # b\"").keys.included.front(), "a # b");
}

TEST(fault_spec_parser, NamesTheWordAndTheRemedyOfAnInvalidLine) {
  const auto expect = [](const char* line, std::size_t column, const char* part) {
    const spec_error error = error_in(line);
    EXPECT_EQ(error.column, column) << line;
    EXPECT_NE(error.text.find(part), std::string::npos) << line << ": " << error.text;
  };
  expect("dorp", 1, "'dorp' is no kind of fault; begin with delay, slice,");
  expect("  drop=1", 3, "'drop' is no kind of fault");
  expect("drop tiem=1s", 6, "drop has no setting 'tiem'; it has executed, command");
  expect("drop time=1s", 6, "drop has no setting 'time'");
  expect("drop nth=2 nth=3", 12, "'nth' is set twice");
  expect("drop nth", 6, "'nth': nth= must be followed by a number from 1");
  expect("drop nth=0", 6, "'nth=0': nth= must be followed by");
  expect("drop chance=2", 6, "a share of more than 0 and at most 1");
  expect("delay", 1, "delay needs time=TIME");
  expect("delay time=1s mean=1s", 1, "only one");
  expect("delay time=1s max=2s", 1, "max= belongs to mean=");
  expect("delay time=1s until=end for=2s", 1, "only one");
  expect("delay until=end", 1, "until=end needs a window");
  expect("delay until=end max=1s for=2s", 1, "max= belongs to mean=");
  expect("delay mean=1s max=1ms", 1, "less than mean=");
  expect("delay time=5", 7, "such as 20ms");
  expect("error", 1, "error needs code=CODE or text=");
  expect("error code=NOPE", 7, "--list-faults");
  expect("error text=\"a\\nb\"", 7, "one line");
  expect("down from=1s", 1, "add for=TIME");
  expect("down for=2s period=2s", 1, "period= needs for= with a shorter time");
  expect("drop period=2s", 1, "period= needs for= with a shorter time");
  expect("refuse command=get", 8, "refuse has no setting 'command'");
  expect("drop key=\"abc", 10, "the quote is not closed");
  expect("drop key=\"abc\"d", 15, "a blank must follow");
  expect("drop key=a\"b", 11, "a quote inside a word");
  expect("push bytes=\"\\q\"", 13, "unknown escape");
  expect("drop key=\x1b[1m", 10, "a control character");
}

TEST(fault_spec_parser, RefusesEveryOtherFormOfAValue) {
  for (const char* const line : {"delay time=",
                                 "delay time=1",
                                 "delay time=-1ms",
                                 "delay time=2h",
                                 "delay time=1e3ms",
                                 "delay time=5ms..1ms",
                                 "delay time=1ms..",
                                 "delay time=.ms",
                                 "delay time=1.2.3ms",
                                 "delay mean=0ms",
                                 "delay until=begin for=1s",
                                 "drop nth=3..2",
                                 "drop nth=a",
                                 "drop nth=1..2..3",
                                 "drop limit=0",
                                 "drop limit=18446744073709551616",
                                 "drop chance=0",
                                 "drop chance=101%",
                                 "drop chance=nan",
                                 "drop chance=inf",
                                 "drop chance=-0.1",
                                 "drop command=",
                                 "drop command=a,,b",
                                 "drop command=!",
                                 "drop per=client",
                                 "drop executed=maybe",
                                 "down for=0s",
                                 "down for=1s period=0s",
                                 "delay time=1s of=both",
                                 "cut at=-1",
                                 "cut at=1.5",
                                 "cut by=fin",
                                 "slice size=0",
                                 "push bytes=\"\""}) {
    EXPECT_FALSE(error_in(line).text.empty()) << line;
  }
}

TEST(fault_spec_parser, MessagesHaveNoControlCharacters) {
  const spec_error error = error_in("drop nth=\"\\x1b]0;title\\x07\"");
  EXPECT_EQ(error.text.find_first_of("\x1b\x07"), std::string::npos) << error.text;
}

TEST(fault_spec_parser, ReadsAScriptAndNamesTheInvalidLine) {
  const auto parsed = parse_script("# faults\r\ndrop nth=1\r\n\r\ncut # the end\n");
  const auto& specs = std::get<std::vector<fault_spec>>(parsed);
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[1].kind, fault_kind::cut);
  const auto broken = parse_script("drop\n\n  dorp\n");
  EXPECT_EQ(std::get<script_error>(broken).line, 3U);
  EXPECT_EQ(std::get<script_error>(broken).error.column, 3U);
}

TEST(fault_spec_parser, BoundsTheLengthOfALineAndOfAScript) {
  EXPECT_NE(error_in("drop key=" + std::string(spec_bytes_max, 'a')).text.find("4096"),
            std::string::npos);
  std::string script;
  for (std::size_t i = 0; i < specs_max; ++i) script += "drop\n";
  EXPECT_TRUE(std::holds_alternative<std::vector<fault_spec>>(parse_script(script)));
  EXPECT_TRUE(std::holds_alternative<script_error>(parse_script(script + "drop\n")));
}

TEST(fault_spec_parser, EachKindHasAWindowOfTime) {
  for (const kind_description& description : all_kinds()) {
    for (const setting& candidate : all_settings()) {
      if (candidate.name == "from" || candidate.name == "for") {
        EXPECT_TRUE(candidate.is_for(description.kind)) << description.name;
      }
    }
    EXPECT_EQ(kind_named(description.name), description.kind);
  }
}

}  // namespace
}  // namespace drover::faults::spec_parser_test
