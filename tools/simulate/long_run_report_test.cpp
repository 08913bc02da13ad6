// SPDX-License-Identifier: MIT
#include "simulate/long_run_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/json_fields.hpp"

namespace drover::simulate {
namespace {

long_run_request brief() {
  long_run_request asked;
  asked.rules = {renewal::ttl_lease, renewal::xfetch_age};
  asked.rates = {10.0};
  asked.hours = 20.0;
  return asked;
}

TEST(long_run_json_page, DescribesEveryFieldAndNoOther) {
  const std::string text = long_run_json(brief(), run_long(brief()));
  EXPECT_EQ(test::field_reader{text}.fields(),
            test::fields_described("docs/reference/simulate-long-run-json.md"));
}

TEST(long_run_csv, HasALineForEachRowUnderOneHeading) {
  const std::string text = long_run_csv(run_long(brief()));
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  const std::size_t first = text.find("\r\n") + 2;
  const std::size_t second = text.find("\r\n", first) + 2;
  EXPECT_EQ(text.substr(first, 13), "ttl-lease,10,");
  EXPECT_EQ(text.substr(second, 18), "xfetch-article,10,");
  const auto commas = [](std::string_view line) { return std::ranges::count(line, ','); };
  EXPECT_EQ(commas(text.substr(0, first)), commas(text.substr(first, second - first)));
}

}  // namespace
}  // namespace drover::simulate
