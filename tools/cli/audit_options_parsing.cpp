// SPDX-License-Identifier: MIT
// Checks the command line of `drover audit` and converts it to options.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "audit/rules/catalogue.hpp"
#include "cli/audit_command.hpp"
#include "cli/audit_help.hpp"
#include "fault/plan/fault_kinds.hpp"
#include "fault/plan/spec_values.hpp"
#include "text/typed_numbers.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

using namespace std::chrono_literals;
using audit::audit_format;

constexpr std::array<std::pair<std::string_view, audit_format>, 5> formats_by_name{
    {{"text", audit_format::text},
     {"json", audit_format::json},
     {"junit", audit_format::junit},
     {"sarif", audit_format::sarif},
     {"html", audit_format::html}}};

constexpr std::array<std::pair<std::string_view, audit::key_role>, 5> roles{
    {{"lock", audit::key_role::lock},
     {"value", audit::key_role::value},
     {"meta", audit::key_role::meta},
     {"mark", audit::key_role::mark},
     {"ignore", audit::key_role::ignored}}};

template <class Table>
std::optional<typename Table::value_type::second_type> find_value(const Table& table,
                                                                  std::string_view name) {
  const auto entry = std::ranges::find(table, name, &Table::value_type::first);
  if (entry == table.end()) return std::nullopt;
  return entry->second;
}

std::optional<audit::severity> parse_fail_on(const std::string& name) {
  if (name == "never") return std::nullopt;
  if (name == "error") return audit::severity::error;
  if (name == "warning") return audit::severity::warning;
  if (name == "info") return audit::severity::info;
  throw text::usage_error{"--fail-on '" + name + "': must be error, warning, info or never"};
}

/// Parses "glob=lock". The role follows the last =, because a glob may contain one.
std::pair<std::string, audit::key_role> parse_role(const std::string& typed) {
  const std::size_t equals = typed.rfind('=');
  const auto role = equals == std::string::npos
                        ? std::nullopt
                        : find_value(roles, std::string_view{typed}.substr(equals + 1));
  if (!role || equals == 0) {
    throw text::usage_error{
        "--role '" + typed +
        "': must be GLOB=ROLE with the role lock, value, meta, mark or ignore, for " +
        "example 'session:*=ignore'"};
  }
  return {typed.substr(0, equals), *role};
}

/// "10%" in keys per million.
std::uint32_t parse_sample(const std::string& typed) {
  const auto share = typed.ends_with('%') ? faults::parse_share(typed) : std::nullopt;
  if (!share || *share < 0.001) {
    throw text::usage_error{"--sample '" + typed +
                            "': must be a percentage from 0.1% to 100%, for example 10%"};
  }
  return static_cast<std::uint32_t>(std::lround(*share * audit::all_keys));
}

/// Splits a value at the first =.
std::pair<std::string, std::string> split_pair(const std::string& option, const std::string& typed,
                                               const char* form) {
  const std::size_t equals = typed.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == typed.size()) {
    throw text::usage_error{option + " '" + typed + "': must be " + form};
  }
  return {typed.substr(0, equals), typed.substr(equals + 1)};
}

}  // namespace

std::vector<audit::report_request> audit_command::parsed_reports() const {
  std::vector<audit::report_request> reports;
  const std::vector<typed_report> typed = reports_.typed();
  for (const typed_report& report : typed) {
    const std::string name = report.format.value_or("text");
    const auto format = find_value(formats_by_name, name);
    if (!format) throw text::usage_error{"--format '" + name + "': must be " + audit_formats};
    reports.push_back({.format = *format, .out = report.out});
  }
  require_one_printed(typed);
  return reports;
}

audit::origin_sources audit_command::parsed_origins() const {
  audit::origin_sources origins;
  origins.redis = origin_redis_;
  origins.logs.assign(origin_logs_.begin(), origin_logs_.end());
  origins.log_regexes = origin_regexes_;
  origins.commands = origin_commands_;
  if (!origin_logs_.empty() && origin_regexes_.size() != 1 &&
      origin_regexes_.size() != origin_logs_.size()) {
    throw text::usage_error{
        "--origin-log requires an --origin-regex that matches the lines of loads"};
  }
  if (origin_logs_.empty() && !origin_regexes_.empty()) {
    throw text::usage_error{"--origin-regex requires --origin-log"};
  }
  for (const std::string& addresses : origin_tcp_) {
    origins.tcp.push_back(split_pair("--origin-tcp", addresses,
                                     "LISTEN=TARGET, for example 127.0.0.1:15432=db:5432"));
  }
  return origins;
}

std::vector<faults::script_source> audit_command::parsed_faults() const {
  std::vector<faults::script_source> all;
  std::size_t fault = 0;
  std::size_t script = 0;
  for (const CLI::Option* option : app_->parse_order()) {
    if (option == fault_option_) all.push_back({false, faults_.at(fault++), "--fault"});
    if (option == fault_script_option_) {
      all.push_back({true, fault_scripts_.at(script++), "--fault-script"});
    }
  }
  return all;
}

void audit_command::check_combinations(const std::vector<std::string>& program) const {
  if (has("--replay")) {
    if (!program.empty()) {
      throw text::usage_error{"--replay cannot be combined with a command after --"};
    }
    for (const char* option :
         {"--listen",      "--upstream",      "--redis",        "--set-env",      "--for",
          "--record",      "--hash-keys",     "--sample",       "--report-every", "--metrics",
          "--active",      "--allow",         "--barrier",      "--origin-redis", "--origin-log",
          "--origin-cmd",  "--origin-tcp",    "--fault",        "--fault-script", "--fault-seed",
          "--outages",     "--check",         "--tls",          "--tls-cert",     "--tls-key",
          "--upstream-ca", "--upstream-cert", "--upstream-key", "--upstream-name"}) {
      if (has(option)) {
        throw text::usage_error{std::string{option} + " cannot be combined with --replay"};
      }
    }
  }
  if (has("--redis") && redis_ != "auto") {
    throw text::usage_error{"--redis '" + redis_ +
                            "': must be auto; use --upstream for a server of your own"};
  }
  if (has("--redis") && has("--upstream")) {
    throw text::usage_error{"--redis auto cannot be combined with --upstream"};
  }
  if (has("--set-env") && program.empty()) {
    throw text::usage_error{"--set-env requires a command after --"};
  }
  if (exit_code_ != "command" && exit_code_ != "findings") {
    throw text::usage_error{"--exit-code '" + exit_code_ + "': must be command or findings"};
  }
  if (is_active_ && !has("--redis") && allowed_.empty()) {
    throw text::usage_error{
        "--active would delete keys of a server that the audit did not start; name those that it "
        "may delete with --allow GLOB, or use --redis auto"};
  }
  if (is_active_ && hides_keys_) {
    throw text::usage_error{
        "--hash-keys cannot be combined with --active, which needs the names of keys"};
  }
  if (hides_keys_ && (!roles_.empty() || has("--baseline"))) {
    throw text::usage_error{"--hash-keys cannot be combined with " +
                            std::string{roles_.empty() ? "--baseline" : "--role"} +
                            ", which matches the names of keys"};
  }
  if (has("--report-every")) {
    for (const char* option : {"--record", "--active", "--write-baseline"}) {
      if (has(option)) {
        throw text::usage_error{std::string{option} + " cannot be combined with --report-every"};
      }
    }
  }
  if (has("--keep") && !has("--report-every")) {
    throw text::usage_error{"--keep requires --report-every"};
  }
  const bool has_faults = has("--fault") || has("--fault-script");
  if (hides_keys_ && has_faults) {
    throw text::usage_error{
        "--hash-keys cannot be combined with --fault and --fault-script, which need the names of "
        "keys"};
  }
  if (!has_faults && has("--fault-seed")) {
    throw text::usage_error{"--fault-seed requires --fault or --fault-script"};
  }
  check_outages();
  check_tls();
  if (!is_active_ && (holds_misses_ || !allowed_.empty())) {
    throw text::usage_error{std::string{holds_misses_ ? "--barrier" : "--allow"} +
                            " requires --active"};
  }
}

std::variant<text_result, audit::audit_options> audit_command::parsed_options(
    std::vector<std::string> program) const {
  if (lists_rules_) return text_result{audit::list_of_rules(), 0};
  if (lists_faults_) return text_result{faults::list_of_kinds(), 0};
  check_combinations(program);
  audit::audit_options options;
  options.program = std::move(program);
  if (has("--replay")) options.replay = replay_;
  options.listen = listen_;
  if (has("--upstream")) options.server = server_;
  parse_tls(options);
  options.starts_redis = has("--redis");
  if (!redis_server_.empty()) options.redis_server = redis_server_;
  for (const std::string& variable : set_env_) split_pair("--set-env", variable, "NAME=VALUE");
  options.set_env = set_env_;
  if (has("--for")) options.length = text::typed_time("--for", length_, 100ms, 24h);
  if (has("--record")) options.record = record_;
  options.hides_keys = hides_keys_;
  for (const std::string& role : roles_) options.roles.push_back(parse_role(role));
  for (const std::string& rule : required_) {
    if (audit::find_rule(rule) == nullptr) {
      throw text::usage_error{"--require '" + rule +
                              "': unknown rule; --list-rules lists all rules"};
    }
  }
  options.required = required_;
  options.fail_on = parse_fail_on(fail_on_);
  options.ignores_command_code = exit_code_ == "findings";
  if (has("--baseline")) options.baseline = baseline_;
  if (has("--write-baseline")) options.new_baseline = new_baseline_;
  if (has("--keys-max")) {
    options.keys_max = text::typed_number("--keys-max", keys_max_, 100, 100'000'000);
  }
  if (has("--report-every")) {
    options.report_every = text::typed_time("--report-every", report_every_, 1s, 24h);
  }
  if (has("--keep")) options.reports_kept = text::typed_number("--keep", keep_, 1, 10'000);
  if (has("--metrics")) options.metrics = metrics_;
  if (has("--sample")) options.keys_per_million = parse_sample(sample_);
  options.is_active = is_active_;
  options.allowed = allowed_;
  options.holds_misses = holds_misses_;
  options.origins = parsed_origins();
  options.fault_sources = parsed_faults();
  options.fault_seed =
      text::typed_number("--fault-seed", fault_seed_, 0, std::numeric_limits<std::uint64_t>::max());
  parse_outages(options);
  options.reports = parsed_reports();
  if (has("--locate")) {
    const auto is_sarif = [](const auto& report) { return report.format == audit_format::sarif; };
    if (std::ranges::none_of(options.reports, is_sarif)) {
      throw text::usage_error{"--locate requires --format sarif"};
    }
    options.sources = sources_;
  }
  return options;
}

}  // namespace drover::cli
