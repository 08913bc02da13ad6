// SPDX-License-Identifier: MIT
#include "origins/load_time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace drover::simulate {
namespace {

constexpr double ms_max = 60'000.0;
constexpr double sigma_max = 3.0;

std::optional<double> number_in(std::string_view text, double most) {
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || !std::isfinite(value)) return std::nullopt;
  if (value < 0.0 || value > most) return std::nullopt;
  return value;
}

/// Quantile of the standard normal distribution: Acklam's rational approximation (2003), relative
/// error below 1.2e-9.
double normal_quantile(double p) {
  constexpr std::array a{-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
                         1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array b{-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                         6.680131188771972e+01, -1.328068155288572e+01};
  constexpr std::array c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                         -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                         3.754408661907416e+00};
  constexpr double low = 0.02425;
  const auto tail = [&](double q) {
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1.0);
  };
  if (p < low) return tail(std::sqrt(-2.0 * std::log(p)));
  if (p > 1.0 - low) return -tail(std::sqrt(-2.0 * std::log1p(-p)));
  const double q = p - 0.5;
  const double r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1.0);
}

std::string plain(double value) {
  std::array<char, 40> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string time_in_words(double ms) {
  if (ms >= 1'000.0) return plain(ms / 1'000.0) + " s";
  return plain(ms) + " ms";
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

std::string_view load_time::forms() {
  return "50 (milliseconds), uniform:20-80, exp:50 (mean) or lognormal:50:0.5 (median, sigma), at "
         "most a minute each";
}

std::optional<load_time> load_time::parse(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() == 1) {
    const auto ms = number_in(text, ms_max);
    if (!ms) return std::nullopt;
    return load_time{shape::fixed, *ms, 0.0, text};
  }
  if (parts[0] == "uniform" && parts.size() == 2) {
    const auto bounds = split(parts[1], '-');
    if (bounds.size() != 2) return std::nullopt;
    const auto least = number_in(bounds[0], ms_max);
    const auto most = number_in(bounds[1], ms_max);
    if (!least || !most || *least > *most) return std::nullopt;
    return load_time{shape::uniform, *least, *most, text};
  }
  if (parts[0] == "exp" && parts.size() == 2) {
    const auto mean = number_in(parts[1], ms_max);
    if (!mean) return std::nullopt;
    return load_time{shape::exponential, *mean, 0.0, text};
  }
  if (parts[0] == "lognormal" && parts.size() == 3) {
    const auto median = number_in(parts[1], ms_max);
    const auto sigma = number_in(parts[2], sigma_max);
    if (!median || !sigma) return std::nullopt;
    return load_time{shape::lognormal, *median, *sigma, text};
  }
  return std::nullopt;
}

std::chrono::microseconds load_time::draw(double uniform) const {
  double ms = first_;
  switch (shape_) {
    case shape::fixed: break;
    case shape::uniform: ms += (second_ - first_) * uniform; break;
    case shape::exponential: ms *= -std::log1p(-uniform); break;
    case shape::lognormal: ms *= std::exp(second_ * normal_quantile(std::max(uniform, 0x1p-53)));
  }
  return std::chrono::microseconds{std::llround(1e3 * std::min(ms, ms_max))};
}

std::chrono::microseconds load_time::mean() const {
  double ms = first_;
  if (shape_ == shape::uniform) ms = (first_ + second_) / 2.0;
  if (shape_ == shape::lognormal) ms *= std::exp(second_ * second_ / 2.0);
  return std::chrono::microseconds{std::llround(1e3 * std::min(ms, ms_max))};
}

std::string load_time::in_words() const {
  switch (shape_) {
    case shape::fixed: return time_in_words(first_);
    case shape::uniform: return time_in_words(first_) + " to " + time_in_words(second_);
    case shape::exponential: return time_in_words(first_) + " on average, exponential";
    case shape::lognormal: break;
  }
  return time_in_words(first_) + " half of the time, log-normal with sigma " + plain(second_);
}

}  // namespace drover::simulate
