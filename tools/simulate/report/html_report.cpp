// SPDX-License-Identifier: MIT
#include "simulate/report/html_report.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "simulate/report/columns.hpp"
#include "simulate/report/page_parts.hpp"
#include "simulate/report/page_series.hpp"
#include "simulate/report/wording.hpp"
#include "text/page_frame.hpp"
#include "text/page_text.hpp"

namespace drover::simulate {
namespace {

using text::html_element;

constexpr std::size_t listed_markers_max = 20;

std::string id_of(std::size_t round_index, std::size_t strategy_index) {
  return "r" + std::to_string(round_index) + "s" + std::to_string(strategy_index);
}

std::string_view tone_of(const strategy_result& result) {
  return result.headline.is_good ? "good" : "bad";
}

/// The key figure: "5,360 stale reads". If it does not count queries, the number of queries
/// follows.
std::string headline_in_words(const strategy_result& result) {
  std::string text = in_words(result.headline.number) + ' ' + headline_unit(result);
  if (!is_about_queries(result.headline.kind)) {
    text += ", " + counted(result.measured.queries_total, "query", "queries");
  }
  return text;
}

/// The number of columns that spreads the cards evenly over the fewest rows, with at most
/// `columns_max` cards in a row.
std::size_t even_columns(std::size_t cards, std::size_t columns_max) {
  const std::size_t rows = (cards + columns_max - 1) / columns_max;
  return rows == 0 ? 1 : (cards + rows - 1) / rows;
}

std::string swatch(std::size_t strategy_index) {
  return "<span class=\"swatch\" style=\"--own: var(--series-" +
         std::to_string(strategy_index % 8) + ")\"></span>";
}

/// The cards at the top, with the key figure of each strategy.
std::string tiles(const round_result& round, std::size_t round_index) {
  std::uint64_t most = 1;
  for (const strategy_result& result : round.strategies) {
    most = std::max(most, result.headline.number);
  }
  const std::size_t count = round.strategies.size();
  std::string text =
      "<div class=\"tiles\" style=\"--columns: " + std::to_string(even_columns(count, 5)) +
      "; --columns-narrow: " + std::to_string(even_columns(count, 3)) + "\">\n";
  for (std::size_t i = 0; i < count; ++i) {
    const strategy_result& result = round.strategies[i];
    const double part =
        100 * static_cast<double>(result.headline.number) / static_cast<double>(most);
    char width[32];
    std::snprintf(width, sizeof width, "%.2f%%", part);
    text += "<a class=\"tile " + std::string{tone_of(result)} +
            (is_drover(result) ? " drover" : "") + "\" href=\"#" + id_of(round_index, i) + "\">";
    text += html_element("span", "class=\"tile-name\"", one_line(result.title));
    text += html_element("span", "class=\"tile-number\"", in_words(result.headline.number));
    text += html_element("span", "class=\"tile-unit\"", headline_unit(result));
    if (!is_about_queries(result.headline.kind)) {
      text += html_element("span", "class=\"tile-queries\"",
                           counted(result.measured.queries_total, "query", "queries"));
    }
    text += "<span class=\"tile-bar\" style=\"--part: " + std::string{width} + "\"></span></a>\n";
  }
  return text + "</div>\n";
}

std::string table(const round_result& round, std::size_t round_index) {
  const std::vector<column> columns = columns_for(round);
  std::string text =
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Results in numbers\">\n"
      "<table>\n<thead><tr>";
  for (const column& table_column : columns) {
    text += "<th scope=\"col\">" +
            text::html_escaped(table_column.head.empty() ? "strategy" : table_column.head);
    if (!table_column.head_below.empty())
      text += "<br>" + text::html_escaped(table_column.head_below);
    text += "</th>";
  }
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < round.strategies.size(); ++i) {
    text += "<tr><th scope=\"row\">" + swatch(i) +
            html_element("a", "href=\"#" + id_of(round_index, i) + "\"",
                         one_line(round.strategies[i].title)) +
            "</th>";
    for (std::size_t c = 1; c < columns.size(); ++c) {
      const text::cell cell = columns[c].cell(round.strategies[i]);
      const bool is_marked = cell.as == text::style::good || cell.as == text::style::bad;
      text += html_element("td",
                           !is_marked                     ? ""
                           : cell.as == text::style::good ? "class=\"good\""
                                                          : "class=\"bad\"",
                           cell.text);
    }
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table>\n</div>\n";
}

std::string canvas(std::string_view kind, std::size_t round_index, std::size_t strategy_index,
                   std::string_view label) {
  return "<div class=\"chart " + std::string{kind} + "\"><canvas role=\"img\" data-chart=\"" +
         std::string{kind} + "\" data-round=\"" + std::to_string(round_index) +
         "\" data-strategy=\"" + std::to_string(strategy_index) + "\" aria-label=\"" +
         text::html_escaped(label) + "\"></canvas></div>\n";
}

std::string waits(const round_result& round, std::size_t round_index) {
  std::string label = "How long callers waited: ";
  std::string keys;
  for (std::size_t i = 0; i < round.strategies.size(); ++i) {
    const strategy_result& result = round.strategies[i];
    label += one_line(result.title) + " half within " + in_words(result.measured.wait.p50) +
             ", 99 of 100 within " + in_words(result.measured.wait.p99) + "; ";
    keys += "<button type=\"button\" class=\"key\" aria-pressed=\"true\" data-round=\"" +
            std::to_string(round_index) + "\" data-strategy=\"" + std::to_string(i) + "\">" +
            swatch(i) + text::html_escaped(one_line(result.title)) + "</button>\n";
  }
  return "<section class=\"card\">\n<h3>How long callers waited</h3>\n"
         "<p class=\"hint\">The share of calls that returned within a time: the further left a "
         "line climbs, the better. A name shows or hides its strategy.</p>\n"
         "<div class=\"keys\" role=\"group\" aria-label=\"Strategies to show\">\n" +
         keys + "</div>\n" + canvas("waits", round_index, 0, label) + "</section>\n";
}

std::string checks(const strategy_result& result) {
  if (result.checks.empty()) return {};
  std::string text = "<ul class=\"checks\">\n";
  for (const check& condition : result.checks) {
    text += html_element("li", condition.is_met ? "class=\"good\"" : "class=\"bad\"",
                         in_words(condition));
  }
  return text + "</ul>\n";
}

/// The numbers that have no column, and the markers.
std::string details(const strategy_result& result) {
  const measurement& measured = result.measured;
  std::string text = "<details><summary>Details</summary>\n<dl>\n";
  const auto add = [&](std::string_view name, const std::string& value) {
    text += html_element("dt", "", name) + html_element("dd", "", value);
  };
  add("calls", in_words(measured.calls));
  add("queries the database counted", in_words(measured.queries_total));
  add("queries the tool counted", in_words(measured.queries_asked));
  add("most queries at once", in_words(measured.queries_running_max));
  add("queries to fill the cache before the run", in_words(measured.fill_queries));
  add("oldest value that a call got", in_words(measured.age_max));
  add("from the release to the last return", in_words(measured.end));
  for (std::size_t i = 0; i < std::min(measured.markers.size(), listed_markers_max); ++i) {
    add("after " + in_words(measured.markers[i].at), one_line(measured.markers[i].text));
  }
  if (measured.markers.size() > listed_markers_max) {
    add("and so on",
        in_words(std::uint64_t{measured.markers.size() - listed_markers_max}) + " more");
  }
  return text + "</dl>\n</details>\n";
}

std::string loads_title(const measurement& measured) {
  std::string text = counted(measured.queries.size(), "load", "loads");
  if (measured.queries.size() > bars_max) {
    text += ", of which " + in_words(std::uint64_t{bars_max}) + " are drawn";
  }
  return text + ", each from its beginning to its end";
}

std::string timeline(const strategy_result& result, std::size_t round_index,
                     std::size_t strategy_index) {
  const std::string title = one_line(result.title);
  std::uint32_t waiting = 0;
  for (const activity& sample : activity_of(result.measured))
    waiting = std::max(waiting, sample.waiting);
  const std::string label = title + ": over " + in_words(result.measured.end) + " at most " +
                            counted(waiting, "caller", "callers") + " waiting and " +
                            counted(result.measured.queries_running_max, "query", "queries") +
                            " running at once";
  std::string text = "<section class=\"card timeline\" id=\"" + id_of(round_index, strategy_index) +
                     "\" tabindex=\"-1\">\n<h3>" + swatch(strategy_index) +
                     text::html_escaped(title) +
                     html_element("span", "class=\"count " + std::string{tone_of(result)} + "\"",
                                  headline_in_words(result)) +
                     "</h3>\n";
  text += html_element("p", "class=\"verdict\"", verdict(result)) + checks(result);
  text += canvas("activity", round_index, strategy_index, label);
  text += html_element("p", "class=\"hint loads-title\"", loads_title(result.measured));
  text += canvas("loads", round_index, strategy_index, title + ": " + loads_title(result.measured));
  return text + details(result) + "</section>\n";
}

bool has_refusals(const round_result& round) {
  return std::ranges::any_of(round.strategies,
                             [](const auto& result) { return !result.measured.refusals.empty(); });
}

std::string round_section(const round_result& round, std::size_t round_index) {
  std::string text = "<section class=\"round\">\n";
  if (!round.load_in_words.empty()) {
    text += html_element("h2", "", "The query takes " + one_line(round.load_in_words));
  }
  text += tiles(round, round_index) + table(round, round_index) + waits(round, round_index);
  text +=
      "<h3 class=\"lanes\">What happened, strategy by strategy</h3>\n"
      "<p class=\"hint legend\">"
      "<span><span class=\"sample waiting\"></span>callers waiting</span> "
      "<span><span class=\"sample running\"></span>database queries running</span> " +
      std::string{has_refusals(round)
                      ? "<span><span class=\"sample refused\"></span>calls refused so far</span> "
                      : ""} +
      "<span><span class=\"sample cold\"></span>cold</span> "
      "<span><span class=\"sample fault\"></span>broken</span> "
      "<span><span class=\"sample mended\"></span>mended</span> "
      "<span><span class=\"sample change\"></span>changed</span> "
      "<span>All strategies on one scale.</span></p>\n";
  for (std::size_t i = 0; i < round.strategies.size(); ++i) {
    text += timeline(round.strategies[i], round_index, i);
  }
  return text + "</section>\n";
}

std::string repeat_section(const simulation& results) {
  std::string text = "<section class=\"card\">\n<h2>Again</h2>\n";
  if (!results.command.empty()) {
    text += "<div class=\"command\">" +
            html_element("pre", "id=\"command\" tabindex=\"0\"", results.command) +
            "<button type=\"button\" id=\"copy\">Copy</button></div>\n";
  }
  text += "<dl>\n";
  for (const auto& [name, value] : results.parameters) {
    text += html_element("dt", "", name) + html_element("dd", "", in_words(value));
  }
  return text + "</dl>\n</section>\n";
}

std::string banner(const simulation& results) {
  const bool is_checked = std::ranges::any_of(results.rounds, [](const round_result& round) {
    return std::ranges::any_of(
        round.strategies, [](const strategy_result& result) { return !result.checks.empty(); });
  });
  if (!is_checked) return {};
  return results.is_met()
             ? html_element("p", "class=\"banner good\"", "Everything expected was met.")
             : html_element("p", "class=\"banner bad\"",
                            "Not everything expected was met; see below.");
}

}  // namespace

std::string html_report(const simulation& results) {
  const text::page_frame frame{.title = one_line(results.title),
                               .made_by = "drover simulate",
                               .style = page_style,
                               .script = page_script,
                               .data = page_series(results)};
  std::string text = text::page_head(frame) + "<body>\n<main>\n<header>\n";
  text += html_element("p", "class=\"kicker\"", "drover simulate · " + one_line(results.scenario));
  text += html_element("h1", "", one_line(results.title));
  text += html_element("p", "class=\"look\"", one_line(results.story));
  text += html_element("p", "class=\"look\"", one_line(results.look_for));
  text += html_element("p", "class=\"hint\"",
                       one_line(results.origin) + " · " + one_line(results.server));
  text += banner(results) +
          "<noscript><p class=\"banner\">The charts need JavaScript; the tables show "
          "everything without it.</p></noscript>\n</header>\n";
  for (std::size_t i = 0; i < results.rounds.size(); ++i)
    text += round_section(results.rounds[i], i);
  return text + repeat_section(results) + "</main>\n" + text::page_tail(frame);
}

}  // namespace drover::simulate
