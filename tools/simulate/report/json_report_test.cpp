// SPDX-License-Identifier: MIT
#include "simulate/report/json_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "simulate/report/csv_report.hpp"
#include "simulate/report/sample_for_test.hpp"
#include "support/json_fields.hpp"

namespace drover::simulate::json_report_test {
namespace {

using namespace std::chrono_literals;

/// The fields of the report, without those inside `parameters`, which depend on the scenario.
std::set<std::string> fields_written(const simulation& results) {
  const std::string text = json_report(results);
  std::set<std::string> fields = test::field_reader{text}.fields();
  std::erase_if(fields, [](const std::string& field) { return field.starts_with("parameters."); });
  return fields;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(simulate_json_page, DescribesEveryFieldAndNoOther) {
  EXPECT_EQ(fields_written(sample::troubled()),
            test::fields_described("docs/reference/simulate-json.md"));
}

TEST(json_report, HasTheNumbersOfEveryStrategyInEveryRound) {
  const std::string text = json_report(sample::herd());
  for (const char* const part :
       {"\"version\": 1", "\"scenario\": \"expiry\"", "\"processes\": 4", "\"beta\": 1.500",
        "\"load_ms\": \"50,2000\"", "\"load_ms\": \"2000\"", "\"name\": \"cache-aside\"",
        "\"queries_per_event\": [200]", "\"queries_per_event\": [1]", "\"queries_total\": 200",
        "\"max\": 1.685", "\"met\": false", "\"kind\": \"cold\"", "[1.000,51.000]"}) {
    EXPECT_TRUE(has(text, part)) << part;
  }
}

TEST(json_report, SaysThatAQueryNeverEnded) {
  EXPECT_TRUE(has(json_report(sample::troubled()), ",null]"));
}

TEST(json_report, ListsAtMostAThousandQueriesAndCountsTheOthers) {
  simulation results = sample::herd();
  run_record many;
  many.queries.assign(1500, {1ms, 2ms, 0, 0, true});
  many.queries_counted = 1600;
  results.rounds[0].strategies[0].measured = measure({&many, 1}, {});
  const std::string text = json_report(results);
  EXPECT_TRUE(has(text, "\"timeline_left_out\": 600"));
  EXPECT_LT(text.size(), 60000U);
}

TEST(json_report, StaysJsonWhateverTheTextFromOutside) {
  const std::string text = json_report(sample::hostile());
  const test::field_reader read{text};
  EXPECT_TRUE(read.fields().contains("strategies.marks.text"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

/// Parses CSV text (RFC 4180).
std::vector<std::vector<std::string>> rows_of(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row{""};
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      row.back() += text[i++];
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && text[i] == ',') {
      row.emplace_back();
    } else if (!is_quoted && text[i] == '\r') {
      EXPECT_EQ(text.at(++i), '\n');
      rows.push_back(row);
      row = {""};
    } else {
      row.back() += text[i];
    }
  }
  EXPECT_EQ(row, std::vector<std::string>{""}) << "no line end";
  return rows;
}

TEST(csv_report, HasARowForEachStrategyOfEachRound) {
  const auto rows = rows_of(csv_report(sample::herd()));
  ASSERT_EQ(rows.size(), 7U);
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  const auto column = [&](const std::string& name) {
    return static_cast<std::size_t>(std::ranges::find(rows[0], name) - rows[0].begin());
  };
  EXPECT_EQ(rows[1][column("strategy")], "cache-aside");
  EXPECT_EQ(rows[1][column("queries_total")], "200");
  EXPECT_EQ(rows[3][column("queries_per_event_max")], "1");
  EXPECT_EQ(rows[3][column("lag_max_ms")], "1.685");
  EXPECT_EQ(rows[6][column("load_ms")], "2000");
  EXPECT_EQ(rows[2][column("checks_not_met")], "1");
}

TEST(csv_report, KeepsItsColumnsWhateverTheTextFromOutside) {
  simulation results = sample::hostile();
  results.scenario = "=1+1,\"x\"\r\n";
  const auto rows = rows_of(csv_report(results));
  ASSERT_EQ(rows.size(), 4U);
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  EXPECT_EQ(rows[1][0], "'=1+1,\"x\"\r\n");
}

}  // namespace
}  // namespace drover::simulate::json_report_test
