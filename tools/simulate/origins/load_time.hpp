// SPDX-License-Identifier: MIT
// The duration of a query: a fixed time, or a random time from a distribution.
//
// Pure: randomness is passed in. Threads: values.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

class load_time {
 public:
  /// Accepts "50" (always 50 ms), "uniform:20-80", "exp:50" (mean 50) and "lognormal:50:0.5"
  /// (median 50, sigma 0.5). Times are in milliseconds from 0 to 60,000, and fractions are allowed.
  /// Returns nullopt for any other text. `forms()` lists the valid forms for messages.
  [[nodiscard]] static std::optional<load_time> parse(std::string_view text);
  [[nodiscard]] static std::string_view forms();

  /// The duration of one query, at most a minute. `uniform` is a random number in [0, 1), a new one
  /// for each query.
  [[nodiscard]] std::chrono::microseconds draw(double uniform) const;
  [[nodiscard]] std::chrono::microseconds mean() const;
  /// As typed.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// "50 ms", "2 s", "20 to 80 ms, uniform".
  [[nodiscard]] std::string in_words() const;

 private:
  enum class shape : unsigned char { fixed, uniform, exponential, lognormal };

  load_time(shape distribution, double first, double second, std::string_view text)
      : shape_{distribution}, first_{first}, second_{second}, text_{text} {}

  shape shape_;
  double first_;   // ms
  double second_;  // ms, or sigma
  std::string text_;
};

}  // namespace drover::simulate
