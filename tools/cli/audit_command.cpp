// SPDX-License-Identifier: MIT
#include "cli/audit_command.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "audit/rules/catalogue.hpp"
#include "text/typed_numbers.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

using namespace std::chrono_literals;
using audit::audit_format;

constexpr const char* description =
    "Watch any application's Redis traffic, and say with evidence whether its caching is safe.";

constexpr const char* footer =
    "  drover audit [OPTIONS] -- COMMAND [ARGUMENT ...]\n"
    "  drover audit [OPTIONS] --upstream ADDRESS\n"
    "  drover audit [OPTIONS] --replay FILE\n"
    "\n"
    "A transparent proxy between an application, in any language, and its Redis: every byte is\n"
    "passed on unchanged, a copy is read, and rules judge what was seen. Each rule ends as pass,\n"
    "fail or not exercised: a quiet run proves nothing. Without --active nothing is sent to\n"
    "anybody that the application did not send.\n"
    "\n"
    "Examples:\n"
    "  drover audit -- pytest tests/             run a command behind the proxy (its REDIS_URL,\n"
    "                                            REDIS_HOST ... are set to it), then report\n"
    "  drover audit --redis auto -- python3 app.py      the same with a private Redis\n"
    "  drover audit -- ./server --redis {address}       {} is the proxy's URL; also {host}, "
    "{port}\n"
    "  drover audit --listen 127.0.0.1:6390 --upstream 127.0.0.1:6379 --for 5m\n"
    "                                            for whatever connects, until then or Ctrl-C\n"
    "  drover audit --format html --out audit.html --format text -- COMMAND\n"
    "  drover audit --record run.jsonl -- COMMAND; drover audit --replay run.jsonl --format json\n"
    "  drover audit --origin-log queries.log --origin-regex 'SELECT.*id=(\\S+)' -- COMMAND\n"
    "  drover audit --active --redis auto -- COMMAND    make hot keys cold, and count\n"
    "  drover audit --list-rules                 what is looked for, and what to do about it\n"
    "\n"
    "Exit codes:\n"
    "  2    the input cannot be meant, or the tool failed\n"
    "  N    else the command's own code, if it is not 0 (--exit-code findings ignores it)\n"
    "  1    else findings at or above --fail-on\n"
    "  3    else inconclusive: no key went cold under two requests at once, more than 1 % of the\n"
    "       traffic could not be read, or a rule named by --require was not exercised\n"
    "  0    else: what was exercised is safe\n"
    "\n"
    "A recording has key names and no values (with --hash-keys not even those): docs/reference/\n"
    "audit-record.md. Environment: DROVER_REDIS_SERVER as --redis-server; NO_COLOR.";

constexpr std::array<std::pair<std::string_view, audit_format>, 5> formats{
    {{"text", audit_format::text},
     {"json", audit_format::json},
     {"junit", audit_format::junit},
     {"sarif", audit_format::sarif},
     {"html", audit_format::html}}};

constexpr std::array<std::pair<std::string_view, audit::key_role>, 4> roles{
    {{"lock", audit::key_role::lock},
     {"value", audit::key_role::value},
     {"meta", audit::key_role::meta},
     {"ignore", audit::key_role::ignored}}};

template <class Named>
std::optional<typename Named::value_type::second_type> found_in(const Named& all,
                                                                std::string_view name) {
  const auto found = std::ranges::find(all, name, &Named::value_type::first);
  if (found == all.end()) return std::nullopt;
  return found->second;
}

std::optional<audit::severity> fail_on_named(const std::string& name) {
  if (name == "never") return std::nullopt;
  if (name == "error") return audit::severity::error;
  if (name == "warning") return audit::severity::warning;
  if (name == "info") return audit::severity::info;
  throw text::usage_error{"--fail-on '" + name + "': give error, warning, info or never"};
}

/// "glob=lock": the role is behind the last =, so that a glob may have one.
std::pair<std::string, audit::key_role> role_named(const std::string& typed) {
  const std::size_t equals = typed.rfind('=');
  const auto role = equals == std::string::npos
                        ? std::nullopt
                        : found_in(roles, std::string_view{typed}.substr(equals + 1));
  if (!role || equals == 0) {
    throw text::usage_error{"--role '" + typed +
                            "': give GLOB=lock, =value, =meta or =ignore, as " +
                            "'session:*=ignore'"};
  }
  return {typed.substr(0, equals), *role};
}

std::pair<std::string, std::string> halves_of(const std::string& option, const std::string& typed,
                                              const char* form) {
  const std::size_t equals = typed.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == typed.size()) {
    throw text::usage_error{option + " '" + typed + "': give " + form};
  }
  return {typed.substr(0, equals), typed.substr(equals + 1)};
}

}  // namespace

audit_command::audit_command(CLI::App& app) : app_{app.add_subcommand("audit", description)} {
  app_->footer(footer);
  add_source_options();
  add_judgement_options();
  add_activity_options();
  add_report_options();
}

CLI::Option* audit_command::add(const char* name, std::string& to, const std::string& what,
                                const char* type) {
  return app_->add_option(name, to, what)->type_name(type);
}

void audit_command::add_source_options() {
  add("--listen", listen_,
      "Where the application connects: HOST:PORT or unix:///PATH (else 127.0.0.1:6390, and with "
      "COMMAND any free port)",
      "ADDRESS");
  add("--upstream", server_,
      "The real server: HOST:PORT, redis://... or unix:///PATH (else what REDIS_URL and the like "
      "say, else 127.0.0.1:6379). A password in it is for the tool's own connection only",
      "ADDRESS");
  add("--redis", redis_, "auto: start a private server, and stop it at the end", "auto");
  add("--redis-server", redis_server_,
      "The server program to run privately (else redis-server or redis-check-rdb from PATH)",
      "PATH")
      ->envname("DROVER_REDIS_SERVER");
  app_->add_option("--set-env", set_env_,
                   "For the command: a variable with placeholders, as 'CACHE={}/1'; repeatable")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->expected(1);
  add("--for", length_, "How long to watch: 30s, 5m (else until COMMAND ends, or Ctrl-C)", "TIME");
  add("--record", record_,
      "Write what is seen there, for --replay; compressed, if its name ends in .gz", "FILE");
  add("--replay", replay_, "Judge a recording instead of traffic", "FILE");
  app_->add_flag("--hash-keys", hides_keys_, "Keep hashes of key names instead of the names");
}

void audit_command::add_judgement_options() {
  app_->add_flag("--list-rules", lists_rules_, "List the rules, and what to do about each");
  app_->add_option("--role", roles_,
                   "What keys are for, where the guess is wrong: lock, value, meta or ignore; "
                   "repeatable, the first that fits counts")
      ->type_name("GLOB=ROLE")
      ->take_all()
      ->expected(1);
  app_->add_option("--require", required_, "Inconclusive unless these rules were exercised")
      ->type_name("RULE,...")
      ->delimiter(',');
  add("--fail-on", fail_on_, "The least that fails: error, warning, info or never", "SEVERITY")
      ->capture_default_str();
  add("--exit-code", exit_code_,
      "command: the command's own code if it is not 0; findings: never that", "WHICH")
      ->capture_default_str();
  add("--baseline", baseline_, "Findings that are accepted, with reasons and dates", "FILE");
  add("--write-baseline", new_baseline_, "Write a baseline that accepts what is found now", "FILE");
  add("--keys-max", keys_max_, "How many keys to remember, the latest used (else 200000)", "N");
}

void audit_command::add_activity_options() {
  app_->add_flag("--active", is_active_,
                 "Make hot keys cold by UNLINK, and hold first misses back, to see what happens: "
                 "with a server that the tool started, else only keys that --allow names");
  app_->add_option("--allow", allowed_, "Keys that --active may make cold; repeatable")
      ->type_name("GLOB")
      ->take_all()
      ->expected(1);
  app_->add_flag("--barrier", holds_misses_,
                 "With --active: hold the first misses of a cold key until several are there");
  app_->add_option("--origin-redis", origin_redis_,
                   "Count the origin's loads by a counter that the origin keeps in a Redis")
      ->type_name("HOST:PORT KEY");
  app_->add_option("--origin-log", origin_logs_, "... by the lines of a log that fit")
      ->type_name("FILE")
      ->take_all()
      ->expected(1);
  app_->add_option("--origin-regex", origin_regexes_,
                   "Which lines; its first group is the key, if there is one")
      ->type_name("REGEX")
      ->take_all()
      ->expected(1);
  app_->add_option("--origin-cmd", origin_commands_, "... by a command that prints a number")
      ->type_name("COMMAND")
      ->take_all()
      ->expected(1);
  app_->add_option("--origin-tcp", origin_tcp_,
                   "... by passing its connections through and counting the queries of "
                   "PostgreSQL, MySQL or HTTP")
      ->type_name("LISTEN=TARGET")
      ->take_all()
      ->expected(1);
}

void audit_command::add_report_options() {
  format_option_ = app_->add_option("--format", formats_,
                                    "text, json, junit, sarif or html; repeatable, each with the "
                                    "--out behind it")
                       ->type_name("FORMAT")
                       ->take_all()
                       ->expected(1);
  out_option_ = app_->add_option("--out", outs_,
                                 "Write the format before it there (else to "
                                 "standard output)")
                    ->type_name("FILE")
                    ->take_all()
                    ->expected(1);
  add("--locate", sources_, "Look for the keys' patterns in these sources (for sarif)", "FOLDER");
}

std::vector<audit::report_request> audit_command::meant_reports() const {
  std::vector<audit::report_request> reports;
  std::size_t format = 0;
  std::size_t out = 0;
  for (const CLI::Option* option : app_->parse_order()) {
    if (option == format_option_) {
      const std::string& name = formats_.at(format++);
      const auto known = found_in(formats, name);
      if (!known) {
        throw text::usage_error{"--format '" + name + "': give text, json, junit, sarif or html"};
      }
      reports.push_back({.format = *known, .out = {}});
    } else if (option == out_option_) {
      const std::string& file = outs_.at(out++);
      if (reports.empty()) reports.emplace_back();
      if (reports.back().out) {
        throw text::usage_error{"--out '" + file + "': a --format must stand before each --out"};
      }
      reports.back().out = file;
    }
  }
  if (reports.empty()) reports.emplace_back();
  const auto printed = std::ranges::count_if(reports, [](const auto& each) { return !each.out; });
  if (printed > 1) {
    throw text::usage_error{
        "--format: only one can go to standard output; give the others an --out"};
  }
  return reports;
}

audit::origin_sources audit_command::meant_origins() const {
  audit::origin_sources origins;
  origins.redis = origin_redis_;
  origins.logs.assign(origin_logs_.begin(), origin_logs_.end());
  origins.log_regexes = origin_regexes_;
  origins.commands = origin_commands_;
  if (!origin_logs_.empty() && origin_regexes_.size() != 1 &&
      origin_regexes_.size() != origin_logs_.size()) {
    throw text::usage_error{"--origin-log: give an --origin-regex that says which lines are loads"};
  }
  if (origin_logs_.empty() && !origin_regexes_.empty()) {
    throw text::usage_error{"--origin-regex: give the --origin-log that it is for"};
  }
  for (const std::string& each : origin_tcp_) {
    origins.tcp.push_back(
        halves_of("--origin-tcp", each, "LISTEN=TARGET, as 127.0.0.1:15432=db:5432"));
  }
  return origins;
}

void audit_command::check_combinations(const std::vector<std::string>& program) const {
  if (has("--replay")) {
    if (!program.empty())
      throw text::usage_error{"--replay: a recording is judged without a command"};
    for (const char* option : {"--listen", "--upstream", "--redis", "--set-env", "--for",
                               "--record", "--hash-keys", "--active", "--allow", "--barrier",
                               "--origin-redis", "--origin-log", "--origin-cmd", "--origin-tcp"}) {
      if (has(option)) {
        throw text::usage_error{std::string{option} +
                                ": says how to capture, and --replay captures "
                                "nothing"};
      }
    }
  }
  if (has("--redis") && redis_ != "auto") {
    throw text::usage_error{"--redis '" + redis_ +
                            "': give auto; a server of yours is given by "
                            "--upstream"};
  }
  if (has("--redis") && has("--upstream")) {
    throw text::usage_error{"--redis auto: starts a server; leave out either it or --upstream"};
  }
  if (has("--set-env") && program.empty()) {
    throw text::usage_error{"--set-env: is for the command behind --, and there is none"};
  }
  if (exit_code_ != "command" && exit_code_ != "findings") {
    throw text::usage_error{"--exit-code '" + exit_code_ + "': give command or findings"};
  }
  if (is_active_ && !has("--redis") && allowed_.empty()) {
    throw text::usage_error{
        "--active: deletes keys of a server that the tool did not start; name those that it may "
        "by --allow GLOB, or use --redis auto"};
  }
  if (is_active_ && hides_keys_) {
    throw text::usage_error{"--hash-keys: --active needs the names of keys to make them cold"};
  }
  if (hides_keys_ && (!roles_.empty() || has("--baseline"))) {
    throw text::usage_error{"--hash-keys: leaves no names of keys that " +
                            std::string{roles_.empty() ? "--baseline" : "--role"} + " could fit"};
  }
  if (!is_active_ && (holds_misses_ || !allowed_.empty())) {
    throw text::usage_error{std::string{holds_misses_ ? "--barrier" : "--allow"} +
                            ": is for --active, which you have not asked for"};
  }
}

std::variant<text_result, audit::audit_options> audit_command::parsed_options(
    std::vector<std::string> program) const {
  if (lists_rules_) return text_result{audit::list_of_rules(), 0};
  check_combinations(program);
  audit::audit_options made;
  made.program = std::move(program);
  if (has("--replay")) made.replay = replay_;
  made.listen = listen_;
  if (has("--upstream")) made.server = server_;
  made.starts_redis = has("--redis");
  if (!redis_server_.empty()) made.redis_server = redis_server_;
  for (const std::string& each : set_env_) halves_of("--set-env", each, "NAME=VALUE");
  made.set_env = set_env_;
  if (has("--for")) made.length = text::typed_time("--for", length_, 100ms, 24h);
  if (has("--record")) made.record = record_;
  made.hides_keys = hides_keys_;
  for (const std::string& each : roles_) made.roles.push_back(role_named(each));
  for (const std::string& each : required_) {
    if (audit::find_rule(each) == nullptr) {
      throw text::usage_error{"--require '" + each +
                              "': there is no such rule; --list-rules shows all"};
    }
  }
  made.required = required_;
  made.fail_on = fail_on_named(fail_on_);
  made.ignores_command_code = exit_code_ == "findings";
  if (has("--baseline")) made.baseline = baseline_;
  if (has("--write-baseline")) made.new_baseline = new_baseline_;
  if (has("--keys-max")) {
    made.keys_max = text::typed_number("--keys-max", keys_max_, 100, 100'000'000);
  }
  made.is_active = is_active_;
  made.allowed = allowed_;
  made.holds_misses = holds_misses_;
  made.origins = meant_origins();
  made.reports = meant_reports();
  if (has("--locate")) {
    const auto is_sarif = [](const auto& each) { return each.format == audit_format::sarif; };
    if (std::ranges::none_of(made.reports, is_sarif)) {
      throw text::usage_error{"--locate: is for --format sarif, which you have not asked for"};
    }
    made.sources = sources_;
  }
  return made;
}

}  // namespace drover::cli
