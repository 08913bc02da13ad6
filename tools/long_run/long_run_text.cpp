// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "long_run/long_run.hpp"

namespace drover::simulate {
namespace {

std::string number(double value, int decimals) {
  std::array<char, 400> digits{};
  const auto made = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                  std::chars_format::fixed, decimals);
  return {digits.data(), made.ptr};
}

// As few decimals as it takes: "300", "0.05".
std::string plain(double value) {
  std::array<char, 40> digits{};
  const auto made = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), made.ptr};
}

std::string right(std::string_view text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ').append(text);
}

std::string line_of(const long_run_row& row) {
  constexpr double percent = 100.0;
  constexpr double short_lead = 100.0;
  return right(plain(row.rate), 7) + right(number(row.queries_per_hour.found, 1), 10) +
         right(number(row.queries_per_hour.curve, 1), 8) +
         right(number(row.interval.found, 1), 11) + right(number(row.interval.curve, 1), 8) +
         right(number(row.loads_per_cycle.found, 2), 8) +
         right(number(row.missed.found * percent, 1), 9) +
         right(number(row.waited.found * percent, 1), 8) +
         right(number(row.lead.found, row.lead.found < short_lead ? 3 : 1), 9) + "\n";
}

constexpr std::string_view heading =
    "requests  queries per hour      interval in s     loads  missed  waited     lead\n"
    "     /s     found   curve      found   curve  /cycle       %       %     in s\n";

constexpr std::string_view legend =
    "curve: worked out, not simulated. missed: cycles that began with a request that\n"
    "found no value. waited: cycles in which any request found none. lead: from the\n"
    "first load of a cycle to the value's end.\n";

// How far the simulation is from the curve, and how far it may well be by chance.
std::string agreement(const std::vector<long_run_row>& rows) {
  double distance = 0.0;
  double error = 0.0;
  for (const long_run_row& row : rows) {
    if (row.cycles == 0) continue;
    for (const long_run_figure* each : {&row.queries_per_hour, &row.interval}) {
      distance = std::max(distance, std::abs(each->found / each->curve - 1.0));
      error = std::max(error, each->error / each->curve);
    }
  }
  return "Found is at most " + number(distance * 100.0, 2) +
         " % from the curve; its standard error is at most " + number(error * 100.0, 2) + " %.\n";
}

// What the article's fault costs: a lease and no early expiration, against it, at the same rates.
std::string cost_of_age(const std::vector<long_run_row>& rows) {
  double least = 0.0;
  double most = 0.0;
  for (const long_run_row& with_age : rows) {
    if (with_age.rule != renewal::xfetch_age) continue;
    for (const long_run_row& with_lease : rows) {
      if (with_lease.rule != renewal::ttl_lease || with_lease.rate != with_age.rate) continue;
      if (with_lease.queries_per_hour.found <= 0.0) continue;
      const double times = with_age.queries_per_hour.found / with_lease.queries_per_hour.found;
      least = least > 0.0 ? std::min(least, times) : times;
      most = std::max(most, times);
    }
  }
  if (most <= 0.0) return {};
  return "With the age for the load time: " + number(least, 1) + " to " + number(most, 1) +
         " times the queries of a leased ttl.\n";
}

}  // namespace

std::string long_run_text(const long_run_request& request, const std::vector<long_run_row>& rows) {
  using seconds = std::chrono::duration<double>;
  using milliseconds = std::chrono::duration<double, std::milli>;
  std::string text = "One key in virtual time: ttl " + plain(seconds{request.ttl}.count()) +
                     " s, load " + plain(milliseconds{request.load}.count()) + " ms, beta " +
                     plain(request.beta) + ".\n" + plain(request.hours) +
                     " hours of requests behind each line, seed " + std::to_string(request.seed) +
                     ".\n\n";
  text += heading;
  const long_run_row* before = nullptr;
  for (const long_run_row& row : rows) {
    if (before == nullptr || before->rule != row.rule) {
      text.append(title_of(row.rule)).append("\n");
    }
    text += line_of(row);
    before = &row;
  }
  if (rows.empty()) return text;
  text.append("\n").append(legend);
  return text + agreement(rows) + cost_of_age(rows);
}

}  // namespace drover::simulate
