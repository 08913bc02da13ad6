// SPDX-License-Identifier: MIT
#include "cli/acl_command.hpp"

#include <memory>

#include "cli/help_formatter.hpp"
#include "doctor/acl_text.hpp"
#include "process/exit_codes.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

constexpr const char* acl_usage = "  drover acl [OPTIONS] NAME...\n";

constexpr const char* acl_description =
    "Print the user that an application with the caches NAME... needs on the server: exactly the\n"
    "rights that the library uses, in the syntax of Redis 7 and Valkey. Replace PASSWORD.";

constexpr const char* acl_footer =
    "Examples:\n"
    "  drover acl user order\n"
    "  A line for an ACL file, and a user of another database:\n"
    "    drover acl --format file --user shop --database 3 user order\n"
    "\n"
    "`drover doctor` tells what a user lacks. docs/how-to/permissions.md lists the cost of each\n"
    "missing right.\n"
    "\n"
    "Exit codes:\n"
    "  0    the user was printed\n"
    "  2    invalid usage";

}  // namespace

acl_command::acl_command(CLI::App& app) : app_{app.add_subcommand("acl", acl_description)} {
  app_->formatter(std::make_shared<help_formatter>(acl_usage));
  app_->footer(acl_footer);
  app_->add_option("NAME", names_, "The name of a cache: cache_options::name")->required();
  app_->add_option("--user", user_, "The name of the user")->capture_default_str();
  app_->add_option("--database", database_, "The database of the URL. Other than 0 needs +select")
      ->capture_default_str();
  app_->add_flag("--no-scripts", without_scripts_,
                 "A user that may not run scripts: leases then use transactions");
  app_->add_flag("--cluster", is_for_cluster_, "A user on the nodes of a cluster");
  app_->add_option("--format", format_, "command (for redis-cli), or file (for an ACL file)")
      ->capture_default_str();
}

text_result acl_command::parsed_options() const {
  if (format_ != "command" && format_ != "file") {
    throw text::usage_error{"--format '" + format_ + "': must be command or file"};
  }
  const auto format = format_ == "file" ? doctor::acl_format::file : doctor::acl_format::command;
  return {doctor::acl_line(user_, names_,
                           {.format = format,
                            .has_select = database_ != 0,
                            .has_scripts = !without_scripts_,
                            .is_for_cluster = is_for_cluster_}),
          process::exit_success};
}

}  // namespace drover::cli
