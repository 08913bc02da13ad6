// SPDX-License-Identifier: MIT
#include "simulate/measurement.hpp"

#include <algorithm>

namespace drover::simulate {
namespace {

using std::chrono::nanoseconds;

nanoseconds end_of_first_query(std::span<const time_span> spans) {
  const auto first = std::ranges::min_element(spans, {}, &time_span::ended);
  return first == spans.end() ? nanoseconds{} : first->ended;
}

}  // namespace

quantiles quantiles_of(std::vector<nanoseconds> samples) {
  if (samples.empty()) return {};
  std::ranges::sort(samples);
  const auto rank = [&](std::size_t percent) {
    return samples[(samples.size() * percent + 99) / 100 - 1];
  };
  return {.p50 = rank(50), .p99 = rank(99), .max = samples.back()};
}

measurement measure(const herd_record& record) {
  measurement made;
  made.callers = static_cast<std::uint32_t>(record.callers.size());
  made.queries = record.queries_counted;
  made.queries_asked = record.queries_asked;
  made.fill_queries = record.fill_queries;
  made.first_error = record.first_error;
  made.spans = record.queries;
  const nanoseconds loaded = end_of_first_query(record.queries);
  std::vector<nanoseconds> waits;
  std::vector<nanoseconds> lags;
  for (const caller_outcome& each : record.callers) {
    if (each.got == answer::error || each.got == answer::none) ++made.errors;
    if (each.got == answer::wrong) ++made.wrong_values;
    waits.push_back(each.when.ended - each.when.begun);
    lags.push_back(std::max(each.when.ended - loaded, nanoseconds{}));
    made.end = std::max(made.end, each.when.ended);
  }
  made.wait = quantiles_of(std::move(waits));
  made.lag = quantiles_of(std::move(lags));
  return made;
}

std::vector<std::uint32_t> running_over_time(std::span<const time_span> spans, nanoseconds end,
                                             std::size_t bins) {
  std::vector<std::uint32_t> running(bins);
  if (end <= nanoseconds{} || bins == 0) return running;
  const auto bin_of = [&](nanoseconds at) {
    const double part = static_cast<double>(at.count()) / static_cast<double>(end.count());
    const auto bin = static_cast<std::size_t>(std::max(part, 0.0) * static_cast<double>(bins));
    return std::min(bin, bins - 1);
  };
  for (const time_span& each : spans) {
    for (std::size_t i = bin_of(each.begun); i <= bin_of(each.ended); ++i) ++running[i];
  }
  return running;
}

}  // namespace drover::simulate
