// SPDX-License-Identifier: MIT
#include <algorithm>

#include "cli/text_layout.hpp"
#include "simulate/report.hpp"
#include "simulate/sparkline.hpp"
#include "simulate/wording.hpp"

namespace drover::simulate {
namespace {

constexpr std::size_t chart_min = 16;  // its heading, and a little
constexpr std::size_t chart_max = 40;
constexpr std::string_view drover_name = "drover";

cli::style colour_of(const measurement& run) {
  return run.is_one_load() ? cli::style::good : cli::style::bad;
}

struct chart_scale {
  std::chrono::nanoseconds end{};
  std::uint32_t callers = 0;
  std::size_t width = 0;  // 0: no charts
  bool is_unicode = true;
};

std::string axis(const chart_scale& scale) {
  const std::string right = in_words(scale.end);
  const std::size_t used = right.size() + 1;
  return "0" + std::string(scale.width > used ? scale.width - used : 1, ' ') + right;
}

cli::table table_of(const load_runs& of, const chart_scale& scale) {
  using cli::align;
  cli::table made{{align::left, align::right, align::right, align::right, align::left}};
  const auto head = [&](std::vector<std::string> texts) {
    std::vector<cli::cell> row;
    if (scale.width == 0) texts.pop_back();
    for (std::string& each : texts) row.push_back({std::move(each), cli::style::faint});
    made.add(std::move(row));
  };
  head({"", "queries", "slowest", "last served", "queries running"});
  head({"", "", "caller", "after the load", "over time"});
  for (const strategy_run& each : of.runs) {
    const auto running = running_over_time(each.found.spans, scale.end, scale.width);
    made.add({{std::string{each.kind->title}, cli::style::strong},
              {std::to_string(each.found.queries), colour_of(each.found)},
              {in_words(each.found.wait.max)},
              {"+" + in_words(each.found.lag.max)},
              {sparkline(running, scale.callers, scale.is_unicode), colour_of(each.found)}});
  }
  if (scale.width > 0) head({"", "", "", "", axis(scale)});
  return made;
}

chart_scale scale_for(const load_runs& of, const cli::terminal& on) {
  const std::size_t used = table_of(of, {}).width_before_last();
  chart_scale scale{.is_unicode = on.is_unicode};
  if (on.width >= used + chart_min) scale.width = std::min(on.width - used, chart_max);
  for (const strategy_run& each : of.runs) {
    scale.end = std::max(scale.end, each.found.end);
    scale.callers = std::max(scale.callers, each.found.callers);
  }
  return scale;
}

std::string sentence(const strategy_run& of, std::chrono::milliseconds load, std::size_t names,
                     const cli::terminal& on) {
  const std::string title{of.kind->title};
  const std::string padded = title + std::string(names - title.size() + 2, ' ');
  const std::string text =
      cli::wrapped(verdict(*of.kind, of.found, load), on.width - padded.size(), 0);
  std::string lines = cli::painted(padded, cli::style::strong, on);
  for (const char byte : text) {
    lines += byte;
    if (byte == '\n') lines.append(padded.size(), ' ');
  }
  return lines + '\n';
}

}  // namespace

bool is_met(const std::vector<load_runs>& all) {
  bool was_run = false;
  for (const load_runs& each : all) {
    for (const strategy_run& run : each.runs) {
      if (run.kind->name != drover_name) continue;
      if (!run.found.is_one_load()) return false;
      was_run = true;
    }
  }
  return was_run;
}

std::string headline(const demo_options& asked, const cli::terminal& on) {
  const std::string text =
      "A hot key expires, and " + std::to_string(asked.processes) +
      (asked.processes == 1 ? " process of " : " processes of ") +
      counted(asked.callers, "caller", "callers") +
      (asked.processes == 1 ? " wants" : " each want") +
      " it at the same instant. How often is the database asked? It counts for itself.";
  return cli::wrapped(text, on.width, 0) + "\n";
}

std::string text_report(const load_runs& of, const cli::terminal& on) {
  const std::string title = "The query takes " + load_in_words(of.load);
  std::string text = '\n' + cli::painted(title, cli::style::strong, on) + "\n\n";
  text += table_of(of, scale_for(of, on)).text(on);
  text += '\n';
  std::size_t names = 0;
  for (const strategy_run& each : of.runs) names = std::max(names, each.kind->title.size());
  for (const strategy_run& each : of.runs) text += sentence(each, of.load, names, on);
  return text;
}

std::string conclusion(const std::vector<load_runs>& all, const cli::terminal& on) {
  if (is_met(all)) {
    return '\n' + cli::painted("Drover sent one query each time.", cli::style::good, on) + '\n';
  }
  return '\n' +
         cli::painted(
             "Drover did not keep its promise of one query and one right value for every caller; "
             "see above.",
             cli::style::bad, on) +
         '\n';
}

}  // namespace drover::simulate
