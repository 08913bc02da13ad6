// SPDX-License-Identifier: MIT
#include "cli/advise_command.hpp"

#include <memory>

#include "cli/help_formatter.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

constexpr const char* advise_usage = "  drover advise [OPTIONS] RECORDING\n";

constexpr const char* advise_description =
    "Recommend a ttl, jitter, early refresh and lease for the cached values of a recording, and\n"
    "predict the loads.\n"
    "\n"
    "RECORDING is a file that `drover audit --record` wrote. For each pattern of keys, the "
    "settings\n"
    "that the application used are compared with recommended ones. The recorded reads are then\n"
    "replayed against a model of a cache with the recommended settings, which counts the loads.";

constexpr const char* advise_footer =
    "Examples:\n"
    "  drover audit --record run.jsonl.gz -- ./load-test.sh\n"
    "  drover advise run.jsonl.gz\n"
    "  Write JSON for a program, and print the text:\n"
    "    drover advise --format json --out advice.json --format text run.jsonl.gz\n"
    "\n"
    "A longer ttl saves loads and serves older values. The advice raises a ttl only if it is\n"
    "shorter than 20 loads, or if there is none. How old a value may be is your decision.\n"
    "docs/how-to/tune-a-cache.md describes the recommendations and the model.\n"
    "\n"
    "Exit codes:\n"
    "  0    the advice was written, also if no key was a cached value\n"
    "  2    invalid usage, RECORDING is not a recording, or a report could not be written";

constexpr const char* advice_formats = "text or json";

}  // namespace

advise_command::advise_command(CLI::App& app)
    : app_{app.add_subcommand("advise", advise_description)} {
  app_->formatter(std::make_shared<help_formatter>(advise_usage));
  app_->footer(advise_footer);
  app_->add_option("RECORDING", recording_, "The recording, compressed or not")->required();
  reports_.add_to(*app_, advice_formats);
}

audit::advise_options advise_command::parsed_options() const {
  audit::advise_options options{.recording = recording_, .reports = {}};
  const std::vector<typed_report> typed = reports_.typed();
  for (const typed_report& report : typed) {
    const std::string name = report.format.value_or("text");
    if (name != "text" && name != "json") {
      throw text::usage_error{"--format '" + name + "': must be " + advice_formats};
    }
    options.reports.push_back(
        {name == "json" ? audit::advice_format::json : audit::advice_format::text, report.out});
  }
  require_one_printed(typed);
  return options;
}

}  // namespace drover::cli
