// SPDX-License-Identifier: MIT
// How long a query takes: a fixed time or one drawn from a distribution.
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
  /// "50" (always 50 ms), "uniform:20-80", "exp:50" (mean 50), "lognormal:50:0.5" (median 50,
  /// sigma 0.5). In milliseconds, fractions allowed, from 0 to 60,000 each. nullopt for other text;
  /// `forms()` lists the valid forms.
  [[nodiscard]] static std::optional<load_time> parse(std::string_view text);
  [[nodiscard]] static std::string_view forms();

  /// `uniform`: a random number in [0, 1), a new one for each query. At most a minute.
  [[nodiscard]] std::chrono::microseconds draw(double uniform) const;
  [[nodiscard]] std::chrono::microseconds mean() const;
  /// As typed.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// In words: "50 ms", "2 s", "20 to 80 ms, uniform".
  [[nodiscard]] std::string in_words() const;

 private:
  enum class shape : unsigned char { fixed, uniform, exponential, lognormal };

  load_time(shape of, double first, double second, std::string_view text)
      : shape_{of}, first_{first}, second_{second}, text_{text} {}

  shape shape_;
  double first_;   // ms
  double second_;  // ms, or sigma
  std::string text_;
};

}  // namespace drover::simulate
