// SPDX-License-Identifier: MIT
#include "cli/report_options.hpp"

#include <algorithm>
#include <cstddef>

#include "text/usage_error.hpp"

namespace drover::cli {

void report_options::add_to(CLI::App& app, const std::string& formats) {
  app_ = &app;
  const std::string description =
      formats + " (default text); repeatable, each followed by its own --out";
  format_option_ = app.add_option("--format", formats_, description)
                       ->type_name("FORMAT")
                       ->take_all()
                       ->expected(1);
  out_option_ =
      app.add_option("--out", outs_,
                     "Write the report of the preceding --format to FILE (default standard output)")
          ->type_name("FILE")
          ->take_all()
          ->expected(1);
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
        throw text::usage_error{"--out '" + file + "': a --format must stand before each --out"};
      }
      reports.back().out = file;
    }
  }
  if (reports.empty()) reports.emplace_back();
  const auto printed =
      std::ranges::count_if(reports, [](const typed_report& report) { return !report.out; });
  if (printed > 1) {
    throw text::usage_error{
        "--format: only one can go to standard output; give the others an --out"};
  }
  return reports;
}

}  // namespace drover::cli
