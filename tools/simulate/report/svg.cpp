// SPDX-License-Identifier: MIT
#include "simulate/report/svg.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "simulate/report/wording.hpp"
#include "text/page_text.hpp"
#include "text/text_layout.hpp"

namespace drover::simulate {
namespace {

// Lengths are in the units of the picture, which are pixels at its original size.
constexpr int width = 820;
constexpr int margin = 24;
constexpr int number_left = 262;  // the right edge of the lane's number
constexpr int lane_left = 284;
constexpr int lane_right = width - margin;
constexpr int lane_height = 48;
constexpr int lane_step = 66;
constexpr int title_height = 82;
constexpr int round_height = 40;
constexpr int axis_height = 18;
constexpr std::size_t chart_columns = 256;  // two units each
constexpr std::size_t name_max = 20;        // characters that fit before the number

constexpr std::string_view style = R"(<style>
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#1a2230}
.ground{fill:#fff;stroke:#dfe3ea}.base{stroke:#dfe3ea}.faint{fill:#5c6778;font-size:13px}
.title{font-size:22px;font-weight:700}.name{font-size:15px;font-weight:600}
.number{font-size:28px;font-weight:700;text-anchor:end}.end{text-anchor:end}
.good{fill:#14774a}.bad{fill:#b3261e}.area.good{fill:#2f9e68}.area.bad{fill:#d9591a}
@media (prefers-color-scheme:dark){text{fill:#e6eaf1}.ground{fill:#161b23;stroke:#2c3542}
.base{stroke:#2c3542}.faint{fill:#9aa6b8}.good,.area.good{fill:#5fd39a}
.bad{fill:#ff8a7d}.area.bad{fill:#ff8d4d}}
</style>
)";

std::string text_at(int x, int y, std::string_view kind, std::string_view text) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" class=\"" +
         std::string{kind} + "\">" + text::html_escaped(text) + "</text>\n";
}

std::string fitting(std::string_view text) {
  std::string fitted = text::clipped(one_line(text), name_max);
  return fitted.size() < one_line(text).size() ? text::clipped(fitted, name_max - 1) + "…" : fitted;
}

/// The scale that all lanes of a round share.
struct lane_scale {
  std::chrono::nanoseconds end{};
  std::uint64_t full = 1;
};

/// The number of running queries over time as a stepped outline, closed at the bottom.
std::string area(const measurement& measured, const lane_scale& scale, int bottom,
                 const std::string& tone) {
  const auto running = running_over_time(measured.queries, scale.end, chart_columns);
  const auto height_of = [&](std::uint32_t number) {
    if (number == 0) return 0;
    const double part = static_cast<double>(number) / static_cast<double>(scale.full);
    return std::max(3, static_cast<int>(std::lround(part * lane_height)));  // one query is visible
  };
  std::string path = "M" + std::to_string(lane_left) + ' ' + std::to_string(bottom);
  int height = 0;
  for (std::size_t i = 0; i <= chart_columns; ++i) {
    const int next = i < chart_columns ? height_of(running[i]) : 0;
    if (next == height) continue;
    path += "H" + std::to_string(lane_left + 2 * static_cast<int>(i));
    path += "V" + std::to_string(bottom - next);
    height = next;
  }
  return "<path class=\"area " + tone + "\" d=\"" + path + "Z\"/>\n";
}

std::string lane(const strategy_result& result, const lane_scale& scale, int top) {
  const int bottom = top + lane_height;
  const std::string tone = result.headline.is_good ? "good" : "bad";
  std::string text = text_at(margin, top + 18, "name", fitting(result.title));
  text += text_at(margin, top + 38, "faint", "slowest call " + in_words(result.measured.wait.max));
  text += text_at(number_left, top + 30, "number " + tone, in_words(result.headline.number));
  text += "<line class=\"base\" x1=\"" + std::to_string(lane_left) + "\" x2=\"" +
          std::to_string(lane_right) + "\" y1=\"" + std::to_string(bottom) + "\" y2=\"" +
          std::to_string(bottom) + "\"/>\n";
  return text + area(result.measured, scale, bottom, tone);
}

/// The noun for the numbers of a round: "Stale reads".
std::string headline_title(const round_result& round) {
  if (round.strategies.empty()) return "Queries";
  const key_figure many{.kind = round.strategies.front().headline.kind, .number = 2};
  std::string title{unit_of(many)};
  title.front() = static_cast<char>(title.front() - 'a' + 'A');
  return title;
}

std::string round_of(const round_result& round, int top) {
  lane_scale scale;
  for (const strategy_result& result : round.strategies) {
    scale.end = std::max(scale.end, result.measured.end);
    scale.full = std::max(scale.full, result.measured.queries_running_max);
  }
  std::string text;
  if (!round.load_in_words.empty()) {
    text += text_at(margin, top + 16, "faint",
                    "The query takes " + one_line(round.load_in_words) + ". " +
                        headline_title(round) + ", and the queries running over time:");
  }
  int y = top + round_height - 8;
  for (const strategy_result& result : round.strategies) {
    text += lane(result, scale, y);
    y += lane_step;
  }
  text += text_at(lane_left, y - 2, "faint", "0");
  return text + text_at(lane_right, y - 2, "faint end", in_words(scale.end));
}

std::string in_one_sentence(const simulation& results) {
  std::string text = one_line(results.title) + ". ";
  for (const round_result& round : results.rounds) {
    text += "The query takes " + one_line(round.load_in_words) + ": ";
    for (const strategy_result& result : round.strategies) {
      text += one_line(result.title) + " " + in_words(result.headline.number) + " " +
              headline_unit(result) + "; ";
    }
  }
  return text;
}

}  // namespace

std::string svg_picture(const simulation& results) {
  std::string inside;
  int y = title_height;
  for (const round_result& round : results.rounds) {
    inside += round_of(round, y);
    y += round_height + static_cast<int>(round.strategies.size()) * lane_step + axis_height;
  }
  const int height = y + 2;
  const std::string size = std::to_string(width) + "\" height=\"" + std::to_string(height);
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size +
                     "\" viewBox=\"0 0 " + std::to_string(width) + ' ' + std::to_string(height) +
                     "\" role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">" +
                     text::html_escaped(in_one_sentence(results)) + "</title>\n" +
                     std::string{style};
  text += "<rect class=\"ground\" x=\".5\" y=\".5\" rx=\"14\" width=\"" +
          std::to_string(width - 1) + "\" height=\"" + std::to_string(height - 1) + "\"/>\n";
  text += text_at(margin, 38, "title", one_line(results.title));
  text += text_at(margin, 60, "faint", one_line(results.origin) + " · " + one_line(results.server));
  return text + inside + "</svg>\n";
}

}  // namespace drover::simulate
