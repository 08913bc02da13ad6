// SPDX-License-Identifier: MIT
#include "simulate/wording.hpp"

#include <algorithm>
#include <cstdio>

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

std::string with_digits(double number, int decimals, const char* unit) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f %s", decimals, number, unit);
  return text;
}

}  // namespace

std::string in_words(std::chrono::nanoseconds time) {
  const double ms = static_cast<double>(time.count()) / 1e6;
  if (ms < 9.95) return with_digits(ms, 1, "ms");
  if (ms < 999.5) return with_digits(ms, 0, "ms");
  if (ms < 9995) return with_digits(ms / 1e3, 2, "s");
  return with_digits(ms / 1e3, 1, "s");
}

std::string load_in_words(std::chrono::milliseconds load) {
  if (load.count() % 1000 == 0) return std::to_string(load.count() / 1000) + " s";
  return std::to_string(load.count()) + " ms";
}

std::string counted(std::uint32_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + ' ' + std::string{number == 1 ? one : many};
}

std::string verdict(const strategy_kind& of, const measurement& run,
                    std::chrono::milliseconds load) {
  const std::string callers = counted(run.callers, "caller", "callers");
  if (run.errors > 0) {
    return std::to_string(run.errors) + " of " + callers + " got an error: " + run.first_error +
           ".";
  }
  if (run.wrong_values > 0) {
    return std::to_string(run.wrong_values) + " of " + callers + " got a wrong value.";
  }
  if (run.fill_queries != 1) {
    return "Filling the cache took " + counted(run.fill_queries, "query", "queries") +
           ", so the run says nothing.";
  }
  if (run.queries_asked != run.queries) {
    return "The database counted " + counted(run.queries, "query", "queries") +
           ", the strategy believes it sent " + std::to_string(run.queries_asked) + ".";
  }
  if (run.queries == 0) return "No query at all: the key was not cold, so the run says nothing.";
  if (run.queries > 1) {
    const std::string why = std::string{": "} + std::string{of.weakness} + '.';
    if (run.queries >= run.callers) return "Every caller asked the database" + why;
    return counted(run.queries, "query", "queries") + " where one was enough" + why;
  }
  const std::string last = in_words(run.lag.max) + " after the load";
  if (run.lag.max > std::max<std::chrono::nanoseconds>(50ms, load / 2)) {
    return "One query, but the last caller had its value only " + last + ".";
  }
  return "One query served " + callers + ", the last " + last + ".";
}

}  // namespace drover::simulate
