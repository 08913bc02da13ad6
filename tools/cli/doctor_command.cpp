// SPDX-License-Identifier: MIT
#include "cli/doctor_command.hpp"

#include <cstdlib>
#include <memory>

#include "cli/help_formatter.hpp"
#include "text/typed_numbers.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* doctor_usage = "  drover doctor [OPTIONS] [URL] [NAME...]\n";

constexpr const char* doctor_description =
    "Check whether an application can cache on this server: connect, try every command that the\n"
    "library uses, and report what is refused, what that costs, and the remedy.\n"
    "\n"
    "URL is the one of the application, with its user. Without it, REDIS_URL is used. NAME... are\n"
    "the names of its caches: the check writes and removes keys of its own under them. No key of\n"
    "the application is touched.";

constexpr const char* doctor_footer =
    "Examples:\n"
    "  drover doctor redis://app:secret@10.0.0.5:6379 user order\n"
    "  Keep the password out of the list of processes, and print JSON:\n"
    "    REDIS_URL=redis://... drover doctor --format json user order\n"
    "\n"
    "`drover acl NAME...` prints the user that lacks nothing.\n"
    "\n"
    "Exit codes:\n"
    "  0    ready: everything works\n"
    "  1    unusable: the server is away, refuses this user, or lacks an essential right\n"
    "  2    invalid usage\n"
    "  3    degraded: values are cached, but something works less well";

}  // namespace

doctor_command::doctor_command(CLI::App& app)
    : app_{app.add_subcommand("doctor", doctor_description)} {
  app_->formatter(std::make_shared<help_formatter>(doctor_usage));
  app_->footer(doctor_footer);
  app_->add_option("URL", words_, "The server, then the names of the caches");
  app_->add_option("--timeout", timeout_,
                   "How long to wait for a server that is away, and for all replies")
      ->capture_default_str();
  app_->add_option("--format", format_, "text or json")->capture_default_str();
}

doctor::doctor_options doctor_command::parsed_options() const {
  doctor::doctor_options options;
  options.names = words_;
  if (!words_.empty() && words_.front().find("://") != std::string::npos) {
    options.url = words_.front();
    options.names.erase(options.names.begin());
  } else if (const char* const url = std::getenv("REDIS_URL"); url != nullptr && *url != '\0') {
    options.url = url;
  } else {
    throw text::usage_error{"URL is missing: give redis://HOST:PORT first, or set REDIS_URL"};
  }
  options.timeout = text::typed_time("--timeout", timeout_, 1ms, 1h);
  if (format_ != "text" && format_ != "json") {
    throw text::usage_error{"--format '" + format_ + "': must be text or json"};
  }
  if (format_ == "json") options.format = doctor::report_format::json;
  return options;
}

}  // namespace drover::cli
