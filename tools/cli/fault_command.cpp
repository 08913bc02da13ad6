// SPDX-License-Identifier: MIT
#include "cli/fault_command.hpp"

#include <chrono>
#include <limits>
#include <memory>
#include <utility>

#include "cli/fault_help.hpp"
#include "cli/help_formatter.hpp"
#include "fault/plan/fault_kinds.hpp"
#include "text/typed_numbers.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {

using namespace std::chrono_literals;

fault_command::fault_command(CLI::App& app)
    : app_{app.add_subcommand("fault-proxy", fault_description)} {
  app_->formatter(std::make_shared<help_formatter>(fault_usage));
  app_->footer(fault_footer);
  add_fault_options();
  add_traffic_options();
  add_report_options();
}

CLI::Option* fault_command::add(const char* name, std::string& value,
                                const std::string& description, const char* type) {
  return app_->add_option(name, value, description)->type_name(type)->group(group_);
}

CLI::Option* fault_command::add_list(const char* name, std::vector<std::string>& values,
                                     const std::string& description, const char* type) {
  return app_->add_option(name, values, description)
      ->type_name(type)
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false)
      ->group(group_);
}

void fault_command::add_fault_options() {
  group_ = "Faults";
  fault_option_ = add_list("--fault", faults_,
                           "A fault to inject: 'KIND [NAME=VALUE ...]', such as 'drop command=get "
                           "nth=3'. Repeatable. --list-faults describes all of them",
                           "SPEC");
  script_option_ = add_list("--script", scripts_,
                            "Read faults from FILE, one on each line; # begins a comment. "
                            "Repeatable; - is standard input",
                            "FILE");
  add("--seed", seed_, "Number that all random choices follow from", "N")->capture_default_str();
  app_->add_flag("--list-faults", lists_faults_,
                 "List the kinds of faults and their settings with an example of each, and exit")
      ->group(group_);
}

void fault_command::add_traffic_options() {
  group_ = "Traffic";
  add("--listen", listen_,
      "Address of the proxy, to which the application connects: HOST:PORT or unix:///PATH. "
      "Default: a free port of 127.0.0.1 with COMMAND, 127.0.0.1:6390 without",
      "ADDRESS");
  add("--upstream", server_,
      "Address of the Redis or Valkey server: HOST:PORT, redis://..., rediss://... (TLS) or "
      "unix:///PATH. Default: the server that REDIS_URL or a similar variable names, or "
      "127.0.0.1:6379",
      "ADDRESS");
  add("--upstream-ca", server_ca_,
      "Certification authorities to trust for a server with TLS, in PEM. Default: those of the "
      "system",
      "FILE");
  add("--upstream-cert", server_certificate_,
      "Certificate for a server with TLS that asks for one, in PEM", "FILE");
  add("--upstream-key", server_key_, "Private key of --upstream-cert, in PEM and not encrypted",
      "FILE");
  add("--redis", redis_, "Start a private Redis server and stop it at the end", "auto");
  add("--redis-server", redis_server_,
      "Program to start as the private server. Default: redis-server or valkey-server in $PATH",
      "PATH")
      ->envname("DROVER_REDIS_SERVER");
  add_list("--set-env", set_env_,
           "Set a variable for COMMAND; VALUE may contain placeholders: 'CACHE={}/1'. Repeatable",
           "NAME=VALUE");
  add("--for", length_, "Stop after this time: 30s, 5m. Default: when COMMAND ends, or at Ctrl-C",
      "TIME");
}

void fault_command::add_report_options() {
  group_ = "Reports";
  add("--log", log_,
      "Write a line of JSON to FILE for each injected fault; - is standard output, and the summary "
      "then goes to standard error",
      "FILE");
  add("--format", format_, "Format of the summary: text or json", "FORMAT")->capture_default_str();
  add("--out", out_, "Write the summary to FILE. Default: standard output", "FILE");
}

void fault_command::check(const std::vector<std::string>& program) const {
  if (has("--redis") && redis_ != "auto") {
    throw text::usage_error{"--redis '" + redis_ +
                            "': must be auto; use --upstream for a server of your own"};
  }
  if (has("--redis") && has("--upstream")) {
    throw text::usage_error{"--redis auto cannot be combined with --upstream"};
  }
  if (has("--upstream-cert") != has("--upstream-key")) {
    throw text::usage_error{"--upstream-cert and --upstream-key need each other"};
  }
  if (has("--set-env") && program.empty()) {
    throw text::usage_error{"--set-env requires a command after --"};
  }
  for (const std::string& variable : set_env_) {
    const std::size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw text::usage_error{"--set-env '" + variable + "': must be NAME=VALUE"};
    }
  }
  if (format_ != "text" && format_ != "json") {
    throw text::usage_error{"--format '" + format_ + "': must be text or json"};
  }
  if (has("--log") && log_.empty()) {
    throw text::usage_error{"--log '': the name of the file is empty"};
  }
}

std::vector<faults::script_source> fault_command::sources() const {
  std::vector<faults::script_source> all;
  std::size_t fault = 0;
  std::size_t script = 0;
  for (const CLI::Option* option : app_->parse_order()) {
    if (option == fault_option_) all.push_back({false, faults_.at(fault++), "--fault"});
    if (option == script_option_) all.push_back({true, scripts_.at(script++), "--script"});
  }
  return all;
}

std::variant<text_result, faults::fault_options> fault_command::parsed_options(
    std::vector<std::string> program) const {
  if (lists_faults_) return text_result{faults::list_of_kinds(), 0};
  check(program);
  faults::fault_options options;
  options.program = std::move(program);
  options.sources = sources();
  options.seed = text::typed_number("--seed", seed_, 0, std::numeric_limits<std::uint64_t>::max());
  options.listen = listen_;
  if (has("--upstream")) options.server = server_;
  options.server_tls.ca.file = server_ca_;
  options.server_tls.certificate.file = server_certificate_;
  options.server_tls.key.file = server_key_;
  options.starts_redis = has("--redis");
  if (!redis_server_.empty()) options.redis_server = redis_server_;
  options.set_env = set_env_;
  if (has("--for")) options.length = text::typed_time("--for", length_, 100ms, 24h);
  if (has("--log")) options.log = log_;
  options.is_json = format_ == "json";
  if (has("--out")) options.out = out_;
  return options;
}

}  // namespace drover::cli
