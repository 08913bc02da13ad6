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

text::table table_of(const round_result& round, const std::vector<column>& columns,
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
  for (const strategy_result& result : round.strategies) {
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

std::string fitting_table(const round_result& round, const text::terminal& output) {
  std::vector<column> columns = columns_for(round);
  chart_scale scale{.is_unicode = output.is_unicode};
  for (const strategy_result& result : round.strategies) {
    scale.end = std::max(scale.end, result.measured.end);
    scale.full =
        std::max(scale.full, static_cast<std::uint32_t>(result.measured.queries_running_max));
  }
  bool has_chart = true;
  for (unsigned dropped = 1;; ++dropped) {
    const std::size_t used = table_of(round, columns, {}).width_before_last();
    if (has_chart && used + chart_min <= output.width) {
      scale.width = std::min(output.width - used, chart_max);
      break;
    }
    if ((!has_chart && used <= output.width + 2) || dropped > 5) break;
    if (dropped == chart_dropped) has_chart = false;
    std::erase_if(columns,
                  [&](const column& table_column) { return table_column.dropped == dropped; });
  }
  return table_of(round, columns, scale).text(output);
}

/// A name in a column of width `names`, and a wrapped text beside it.
std::string sentence(std::string_view name, std::string_view text, std::size_t names,
                     const text::terminal& output) {
  const std::string padded =
      std::string{name} + std::string(names - text::columns_of(name) + 2, ' ');
  const std::size_t used = names + 2;
  const std::string wrapped =
      text::wrapped(text, output.width > used + 20 ? output.width - used : 20, 0);
  std::string lines = text::painted(padded, text::style::strong, output);
  for (const char byte : wrapped) {
    lines += byte;
    if (byte == '\n') lines.append(used, ' ');
  }
  return lines + '\n';
}

std::string check_line(const check& condition, std::size_t indent, const text::terminal& output) {
  return std::string(indent, ' ') +
         text::painted(in_words(condition), condition.is_met ? text::style::good : text::style::bad,
                       output) +
         '\n';
}

}  // namespace

std::string text_heading(const simulation& results, const text::terminal& output) {
  std::string text = text::painted(one_line(results.title), text::style::strong, output) + '\n';
  if (!results.story.empty())
    text += text::wrapped(one_line(results.story), output.width, 0) + '\n';
  if (!results.look_for.empty())
    text += text::wrapped(one_line(results.look_for), output.width, 0) + '\n';
  std::string systems = one_line(results.origin);
  if (!results.server.empty()) systems += (systems.empty() ? "" : "; ") + one_line(results.server);
  if (!systems.empty()) {
    text +=
        text::painted(text::wrapped(systems, output.width, 0), text::style::faint, output) + '\n';
  }
  return text;
}

std::string text_round(const round_result& round, const text::terminal& output) {
  std::string text;
  if (!round.load_in_words.empty()) {
    const std::string title = "The query takes " + one_line(round.load_in_words);
    text += '\n' + text::painted(title, text::style::strong, output) + '\n';
  }
  text += '\n' + fitting_table(round, output) + '\n';
  std::size_t names = 0;
  for (const strategy_result& result : round.strategies) {
    names = std::max(names, text::columns_of(one_line(result.title)));
  }
  for (const strategy_result& result : round.strategies) {
    text += sentence(one_line(result.title), verdict(result), names, output);
    for (const check& condition : result.checks) text += check_line(condition, names + 2, output);
  }
  return text;
}

std::string text_conclusion(const simulation& results, const text::terminal& output) {
  std::size_t checks = 0;
  std::size_t unmet = 0;
  for (const round_result& round : results.rounds) {
    for (const strategy_result& result : round.strategies) {
      checks += result.checks.size();
      unmet += static_cast<std::size_t>(std::ranges::count(result.checks, false, &check::is_met));
    }
  }
  std::string text;
  if (checks > 0 && unmet == 0) {
    text += '\n' + text::painted("Everything expected was met.", text::style::good, output) + '\n';
  } else if (checks > 0) {
    const std::string summary = "Not met: " + in_words(std::uint64_t{unmet}) + " of " +
                                counted(checks, "condition", "conditions") + ", see above.";
    text += '\n' + text::painted(summary, text::style::bad, output) + '\n';
  }
  if (!results.command.empty()) {
    text += '\n' +
            text::painted("Again: " + one_line(results.command), text::style::faint, output) + '\n';
  }
  return text;
}

std::string text_report(const simulation& results, const text::terminal& output) {
  std::string text = text_heading(results, output);
  for (const round_result& round : results.rounds) text += text_round(round, output);
  return text + text_conclusion(results, output);
}

}  // namespace drover::simulate
