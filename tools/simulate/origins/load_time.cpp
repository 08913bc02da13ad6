// SPDX-License-Identifier: MIT
#include "simulate/origins/load_time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <system_error>

namespace drover::simulate {
namespace {

constexpr double time_max = 60'000;  // ms
/// Limit for a log-normal distribution. With a larger sigma, nearly all times are 0 or `time_max`.
constexpr double sigma_max = 10;

struct numbers_read {
  std::array<double, 2> values{};
  std::size_t count = 0;
};

/// Parses one or two decimal numbers without sign or exponent: "20", "20-80".
std::optional<numbers_read> read_numbers(std::string_view text, char between) {
  numbers_read numbers;
  while (numbers.count < numbers.values.size()) {
    const std::size_t end = std::min(text.find(between), text.size());
    const std::string_view word = text.substr(0, end);
    if (word.empty() || word.find_first_not_of("0123456789.") != word.npos) return std::nullopt;
    double& number = numbers.values[numbers.count++];
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != word.data() + word.size()) return std::nullopt;
    if (number > time_max) return std::nullopt;
    if (end == text.size()) return numbers;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

/// The probability that a standard normal number is less than `x`.
double normal_cdf(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

/// The x in [-9, 9] with normal_cdf(x) = chance, to within 1e-12.
double normal_quantile(double chance) {
  double low = -9;
  double high = 9;
  for (int step = 0; step < 44; ++step) {
    const double middle = (low + high) / 2;
    (normal_cdf(middle) < chance ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// The mean of a log-normal number that is cut off at `time_max`.
double lognormal_mean(double median, double sigma) {
  if (median <= 0) return 0;
  if (sigma <= 0) return median;
  const double limit = std::log(time_max / median) / sigma;
  return median * std::exp(sigma * sigma / 2) * normal_cdf(limit - sigma) +
         time_max * normal_cdf(-limit);
}

std::chrono::microseconds microseconds_of(double ms) {
  return std::chrono::microseconds{std::llround(std::clamp(ms, 0.0, time_max) * 1000)};
}

/// "50", "0.25".
std::string digits(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

std::string time_in_words(double ms) {
  return ms >= 1000 ? digits(ms / 1000) + " s" : digits(ms) + " ms";
}

}  // namespace

std::string_view load_time::forms() {
  return "50, uniform:20-80, exp:50 (the mean) or lognormal:50:0.5 (the median, sigma), in "
         "milliseconds up to 60000";
}

std::optional<load_time> load_time::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = colon == text.npos ? "" : text.substr(0, colon);
  const std::string_view rest = colon == text.npos ? text : text.substr(colon + 1);
  const auto numbers = read_numbers(rest, name == "lognormal" ? ':' : '-');
  if (!numbers) return std::nullopt;
  const auto [first, second] = numbers->values;
  if (colon == text.npos && numbers->count == 1) return load_time{shape::fixed, first, 0, text};
  if (name == "exp" && numbers->count == 1) return load_time{shape::exponential, first, 0, text};
  if (name == "uniform" && numbers->count == 2 && first <= second) {
    return load_time{shape::uniform, first, second, text};
  }
  if (name == "lognormal" && numbers->count == 2 && second <= sigma_max) {
    return load_time{shape::lognormal, first, second, text};
  }
  return std::nullopt;
}

std::chrono::microseconds load_time::draw(double uniform) const {
  switch (shape_) {
    case shape::fixed: break;
    case shape::uniform: return microseconds_of(first_ + uniform * (second_ - first_));
    case shape::exponential: return microseconds_of(-first_ * std::log1p(-uniform));
    case shape::lognormal:
      return microseconds_of(first_ * std::exp(second_ * normal_quantile(uniform)));
  }
  return microseconds_of(first_);
}

std::chrono::microseconds load_time::mean() const {
  switch (shape_) {
    case shape::fixed: break;
    case shape::uniform: return microseconds_of((first_ + second_) / 2);
    case shape::exponential:
      return microseconds_of(first_ > 0 ? -first_ * std::expm1(-time_max / first_) : 0);
    case shape::lognormal: return microseconds_of(lognormal_mean(first_, second_));
  }
  return microseconds_of(first_);
}

std::string load_time::in_words() const {
  switch (shape_) {
    case shape::fixed: break;
    case shape::uniform:
      if ((first_ >= 1000) == (second_ >= 1000)) {
        const double unit = first_ >= 1000 ? 1000 : 1;
        return digits(first_ / unit) + " to " + time_in_words(second_) + ", uniform";
      }
      return time_in_words(first_) + " to " + time_in_words(second_) + ", uniform";
    case shape::exponential: return time_in_words(first_) + " on average, exponential";
    case shape::lognormal:
      return "half below " + time_in_words(first_) + ", log-normal (sigma " + digits(second_) + ")";
  }
  return time_in_words(first_);
}

}  // namespace drover::simulate
