// SPDX-License-Identifier: MIT
#include "simulate/report/text_report.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "simulate/report/columns.hpp"
#include "simulate/report/sparkline.hpp"
#include "simulate/report/wording.hpp"
#include "text/text_layout.hpp"

namespace drover::simulate {
namespace {

constexpr std::size_t chart_min = 16;  // a little wider than the chart's heading
constexpr std::size_t chart_max = 40;

/// The scale that all charts of a round share.
struct chart_scale {
  std::chrono::nanoseconds end{};
  std::uint32_t full = 1;  ///< the number of queries of the highest bar
  std::size_t width = 0;   ///< 0: no charts
  bool is_unicode = true;
};

constexpr unsigned chart_dropped = 4;  // the chart's place in the order of `column::dropped`

std::string axis(const chart_scale& scale) {
  const std::string right = in_words(scale.end);
  const std::size_t used = right.size() + 1;
  return "0" + std::string(scale.width > used ? scale.width - used : 1, ' ') + right;
}

text::table table_of(const round_result& of, const std::vector<column>& columns,
                     const chart_scale& scale) {
  std::vector<text::align> aligned(columns.size(), text::align::right);
  aligned.front() = text::align::left;
  aligned.push_back(text::align::left);
  text::table table{aligned};
  const auto head = [&](std::string_view column::*text, std::string_view chart) {
    std::vector<text::cell> row;
    for (const column& table_column : columns) {
      row.push_back({std::string{table_column.*text}, text::style::faint});
    }
    if (scale.width > 0) row.push_back({std::string{chart}, text::style::faint});
    table.add(std::move(row));
  };
  head(&column::head, "queries running");
  head(&column::head_below, "over time");
  for (const strategy_result& result : of.strategies) {
    std::vector<text::cell> row;
    for (const column& table_column : columns) row.push_back(table_column.cell(result));
    const auto running = running_over_time(result.measured.queries, scale.end, scale.width);
    row.push_back({sparkline(running, scale.full, scale.is_unicode), colour_of(result)});
    table.add(std::move(row));
  }
  if (scale.width > 0) {
    std::vector<text::cell> row(columns.size());
    row.push_back({axis(scale), text::style::faint});
    table.add(std::move(row));
  }
  return table;
}

std::string fitting_table(const round_result& of, const text::terminal& on) {
  std::vector<column> columns = columns_for(of);
  chart_scale scale{.is_unicode = on.is_unicode};
  for (const strategy_result& result : of.strategies) {
    scale.end = std::max(scale.end, result.measured.end);
    scale.full =
        std::max(scale.full, static_cast<std::uint32_t>(result.measured.queries_running_max));
  }
  bool has_chart = true;
  for (unsigned dropped = 1;; ++dropped) {
    const std::size_t used = table_of(of, columns, {}).width_before_last();
    if (has_chart && used + chart_min <= on.width) {
      scale.width = std::min(on.width - used, chart_max);
      break;
    }
    if ((!has_chart && used <= on.width + 2) || dropped > 5) break;
    if (dropped == chart_dropped) has_chart = false;
    std::erase_if(columns,
                  [&](const column& table_column) { return table_column.dropped == dropped; });
  }
  return table_of(of, columns, scale).text(on);
}

/// A name in a column of width `names`, and a wrapped text beside it.
std::string sentence(std::string_view name, std::string_view text, std::size_t names,
                     const text::terminal& on) {
  const std::string padded =
      std::string{name} + std::string(names - text::columns_of(name) + 2, ' ');
  const std::size_t used = names + 2;
  const std::string wrapped = text::wrapped(text, on.width > used + 20 ? on.width - used : 20, 0);
  std::string lines = text::painted(padded, text::style::strong, on);
  for (const char byte : wrapped) {
    lines += byte;
    if (byte == '\n') lines.append(used, ' ');
  }
  return lines + '\n';
}

std::string check_line(const check& of, std::size_t indent, const text::terminal& on) {
  return std::string(indent, ' ') +
         text::painted(in_words(of), of.is_met ? text::style::good : text::style::bad, on) + '\n';
}

}  // namespace

std::string text_heading(const simulation& of, const text::terminal& on) {
  std::string text = text::painted(one_line(of.title), text::style::strong, on) + '\n';
  if (!of.story.empty()) text += text::wrapped(one_line(of.story), on.width, 0) + '\n';
  if (!of.look_for.empty()) text += text::wrapped(one_line(of.look_for), on.width, 0) + '\n';
  std::string where = one_line(of.origin);
  if (!of.server.empty()) where += (where.empty() ? "" : "; ") + one_line(of.server);
  if (!where.empty()) {
    text += text::painted(text::wrapped(where, on.width, 0), text::style::faint, on) + '\n';
  }
  return text;
}

std::string text_round(const round_result& of, const text::terminal& on) {
  std::string text;
  if (!of.load_in_words.empty()) {
    const std::string title = "The query takes " + one_line(of.load_in_words);
    text += '\n' + text::painted(title, text::style::strong, on) + '\n';
  }
  text += '\n' + fitting_table(of, on) + '\n';
  std::size_t names = 0;
  for (const strategy_result& result : of.strategies) {
    names = std::max(names, text::columns_of(one_line(result.title)));
  }
  for (const strategy_result& result : of.strategies) {
    text += sentence(one_line(result.title), verdict(result), names, on);
    for (const check& condition : result.checks) text += check_line(condition, names + 2, on);
  }
  return text;
}

std::string text_conclusion(const simulation& of, const text::terminal& on) {
  std::size_t checks = 0;
  std::size_t unmet = 0;
  for (const round_result& round : of.rounds) {
    for (const strategy_result& result : round.strategies) {
      checks += result.checks.size();
      unmet += static_cast<std::size_t>(std::ranges::count(result.checks, false, &check::is_met));
    }
  }
  std::string text;
  if (checks > 0 && unmet == 0) {
    text += '\n' + text::painted("Everything expected was met.", text::style::good, on) + '\n';
  } else if (checks > 0) {
    const std::string summary = "Not met: " + in_words(std::uint64_t{unmet}) + " of " +
                                counted(checks, "condition", "conditions") + ", see above.";
    text += '\n' + text::painted(summary, text::style::bad, on) + '\n';
  }
  if (!of.command.empty()) {
    text += '\n' + text::painted("Again: " + one_line(of.command), text::style::faint, on) + '\n';
  }
  return text;
}

std::string text_report(const simulation& of, const text::terminal& on) {
  std::string text = text_heading(of, on);
  for (const round_result& round : of.rounds) text += text_round(round, on);
  return text + text_conclusion(of, on);
}

}  // namespace drover::simulate
