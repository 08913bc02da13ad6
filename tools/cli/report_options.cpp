// SPDX-License-Identifier: MIT
#include "cli/report_options.hpp"

#include <algorithm>
#include <cstddef>

#include "text/usage_error.hpp"

namespace drover::cli {

void report_options::add_to(CLI::App& app, const std::string& formats, const std::string& group) {
  app_ = &app;
  format_option_ = app.add_option("--format", formats_,
                                  "Format of a report: " + formats +
                                      ". Repeatable; the --out that follows belongs to it. "
                                      "Default: text")
                       ->type_name("FORMAT");
  out_option_ = app.add_option("--out", outs_,
                               "Write the report of the preceding --format to FILE. Default: "
                               "standard output")
                    ->type_name("FILE");
  for (CLI::Option* option : {format_option_, out_option_}) {
    option->take_all()->expected(1);
    if (!group.empty()) option->group(group);
  }
}

std::vector<typed_report> report_options::typed() const {
  std::vector<typed_report> reports;
  std::size_t formats = 0;
  std::size_t outs = 0;
  for (const CLI::Option* option : app_->parse_order()) {
    if (option == format_option_) {
      reports.push_back({.format = formats_.at(formats++), .out = {}});
    } else if (option == out_option_) {
      const std::string& file = outs_.at(outs++);
      if (reports.empty()) reports.emplace_back();
      if (reports.back().out) {
        throw text::usage_error{"--out '" + file +
                                "': each --out must follow a --format of its own"};
      }
      if (std::ranges::any_of(reports,
                              [&](const typed_report& report) { return report.out == file; })) {
        throw text::usage_error{"--out '" + file + "' is given twice; name a file for each report"};
      }
      reports.back().out = file;
    }
  }
  if (reports.empty()) reports.emplace_back();
  return reports;
}

void require_one_printed(const std::vector<typed_report>& reports) {
  const auto printed =
      std::ranges::count_if(reports, [](const typed_report& report) { return !report.out; });
  if (printed > 1) {
    throw text::usage_error{
        "--format: only one report can go to standard output; give the others an --out"};
  }
}

}  // namespace drover::cli
