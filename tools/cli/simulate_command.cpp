// SPDX-License-Identifier: MIT
#include "cli/simulate_command.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/typed_command.hpp"
#include "simulate/run/simulate.hpp"
#include "simulate/strategies/strategy.hpp"
#include "text/typed_numbers.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

using namespace std::chrono_literals;
using simulate::report_format;

constexpr const char* simulate_description =
    "Play what happens when a key goes cold, and count the queries that reach the database.";

constexpr const char* simulate_formats = "text, json, csv, html or svg";

constexpr const char* simulate_footer =
    "Plays a scenario with each strategy in turn: real processes and threads, a real Redis (a\n"
    "private one, started by the tool), and a real database that counts its own queries.\n"
    "Everything that the tool starts is stopped and removed, also after Ctrl-C.\n"
    "\n"
    "Examples:\n"
    "  drover simulate                                    a hot key expires, in half a minute\n"
    "  drover simulate --list                             scenarios, strategies, origins\n"
    "  drover simulate --scenario holder-killed --strategy all\n"
    "  drover simulate --format html --out herd.html      a page with charts\n"
    "  drover simulate --format json --out herd.json --format html --out herd.html\n"
    "  drover simulate --origin postgresql                a private PostgreSQL as the database\n"
    "  drover simulate --strategy drover --expect 'queries-per-event=1,errors=0'   for CI\n"
    "  drover simulate --strategy-command 'python3 client.py {redis} {key}'        your own code\n"
    "\n"
    "--load-ms is a list of forms, one round for each form: 50 | uniform:20-80 | exp:50 |\n"
    "lognormal:50:0.5 (median and sigma).\n"
    "--expect is a list of conditions NAME OP NUMBER that every strategy must meet. OP is one of\n"
    "= < <= > >=. The names are listed below. Without --expect, only Drover is checked, against\n"
    "what the scenario promises.\n"
    "\n"
    "Exit codes:\n"
    "  0    every condition was met\n"
    "  1    a condition was not met, or the simulation failed (the message says why)\n"
    "  2    invalid usage; no run was started\n"
    "  130  interrupted by Ctrl-C (128 plus the number of any other signal)\n"
    "\n"
    "In a database of yours (--origin postgresql://user@host/name) the simulation creates a "
    "schema\n"
    "of its own, and removes it at the end. Give the password in PGPASSWORD or ~/.pgpass.\n"
    "\n"
    "NO_COLOR turns colors off.\n"
    "\n"
    "Names for --expect:\n";

/// One line for each quantity.
std::string names_to_expect() {
  std::string lines;
  for (const simulate::expectable& quantity : simulate::all_expectable()) {
    std::string line = "  " + std::string{quantity.name};
    line.resize(20, ' ');
    lines +=
        line + std::string{quantity.meaning} + (quantity.is_time ? ", in milliseconds" : "") + '\n';
  }
  lines.pop_back();
  return lines;
}

constexpr std::array<std::pair<std::string_view, report_format>, 5> report_formats{
    {{"text", report_format::text},
     {"json", report_format::json},
     {"csv", report_format::csv},
     {"html", report_format::html},
     {"svg", report_format::svg}}};

report_format parse_format(const std::string& name) {
  for (const auto& [format_name, format] : report_formats) {
    if (format_name == name) return format;
  }
  throw text::usage_error{"--format '" + name + "': give " + simulate_formats};
}

template <class Named>
std::string names_of(const Named& all) {
  std::string names;
  for (const auto& item : all) names += (names.empty() ? "" : ", ") + std::string{item.name};
  return names;
}

std::vector<std::string> parse_strategy_names(const std::string& text) {
  std::vector<std::string> names;
  if (text == "all") {
    for (const auto& strategy : simulate::strategies()) names.emplace_back(strategy.name);
    return names;
  }
  for (const std::string& typed : text::typed_list("--strategy", text)) {
    const simulate::strategy_kind* const strategy = simulate::find_strategy(typed);
    if (strategy == nullptr) {
      throw text::usage_error{"--strategy '" + typed + "': give a list of " +
                              names_of(simulate::strategies()) + ", or all"};
    }
    if (std::ranges::find(names, strategy->name) != names.end()) {
      throw text::usage_error{"--strategy '" + text + "': " + typed + " is listed twice"};
    }
    names.emplace_back(strategy->name);
  }
  return names;
}

std::vector<simulate::load_time> parse_loads(std::string_view text) {
  std::vector<simulate::load_time> loads;
  for (const std::string& typed : text::typed_list("--load-ms", text)) {
    auto load = simulate::load_time::parse(typed);
    if (!load) {
      throw text::usage_error{"--load-ms '" + typed + "': give " +
                              std::string{simulate::load_time::forms()}};
    }
    loads.push_back(*std::move(load));
  }
  if (loads.size() > simulate::loads_max) {
    throw text::usage_error{"--load-ms: at most " + std::to_string(simulate::loads_max) +
                            " at a time; run it again for the others"};
  }
  return loads;
}

std::string range(std::uint64_t limit) { return " (1 to " + std::to_string(limit) + ")"; }

}  // namespace

simulate_command::simulate_command(CLI::App& app)
    : app_{app.add_subcommand("simulate", simulate_description)} {
  app_->footer(simulate_footer + names_to_expect());
  app_->add_flag("--list", is_list_, "List the scenarios, strategies and origins");
  add_run_options();
  add_server_options();
  add_result_options();
}

CLI::Option* simulate_command::add_text(const char* name, std::string& value,
                                        const std::string& description, const char* type) {
  return app_->add_option(name, value, description)->type_name(type);
}

void simulate_command::add_run_options() {
  add_text("--scenario", scenario_, "The situation to play (default expiry; see --list)", "NAME");
  add_text("--strategy", strategies_,
           "The strategies to play: a list, or all (default: those that show the scenario best)",
           "LIST");
  add_text("--strategy-command", strategy_command_,
           "Also play a client program of yours; {redis} and {key} are replaced", "'PROGRAM ...'");
  add_text("--processes", processes_, "The number of processes" + range(simulate::processes_max),
           "N")
      ->capture_default_str();
  add_text("--callers", callers_,
           "The number of callers in each process, one thread each" + range(simulate::callers_max),
           "N");
  add_text("--load-ms", loads_, "How long the query takes, in milliseconds; one round for each",
           "LIST");
  add_text("--ttl", ttl_, "How long a value lives: 500ms, 2s, 5m; a bare number is seconds",
           "TIME");
  add_text("--events", events_, "How often the key goes cold" + range(simulate::events_max), "N");
  add_text("--seed", seed_, "The seed of all random numbers: load times, pauses, keys", "N")
      ->capture_default_str();
}

void simulate_command::add_server_options() {
  add_text("--redis", redis_, "auto starts a private server; a URL needs --redis-is-mine",
           "URL|auto")
      ->capture_default_str();
  app_->add_flag("--redis-is-mine", is_redis_mine_,
                 "Allow keys of the simulation in --redis; they are removed at the end");
  add_text("--redis-server", redis_server_,
           "The server program to run privately (default: redis-server or valkey-server from PATH)",
           "PATH")
      ->envname("DROVER_REDIS_SERVER");
  add_text("--origin", origin_,
           "The database: sqlite, postgresql (a private server), or the URL of a PostgreSQL",
           "WHICH|URL")
      ->capture_default_str();
  add_text("--postgresql-bin", postgresql_bin_,
           "The folder of initdb and postgres (default: from PATH or /usr/lib/postgresql)", "PATH")
      ->envname("DROVER_POSTGRESQL_BIN");
}

void simulate_command::add_result_options() {
  reports_.add_to(*app_, simulate_formats);
  add_text("--expect", expect_, "Fail unless every strategy meets these conditions", "LIST");
}

std::variant<text_result, simulate::simulate_options> simulate_command::parsed_options(
    int count, const char* const* arguments) const {
  if (is_list_) return text_result{simulate::list_of_all(), 0};
  std::vector<std::string> words{arguments, arguments + count};
  words.front() = "drover";
  simulate::simulate_options options;
  options.chosen_scenario = &parsed_scenario();
  options.command = typed_command(words);
  parse_strategies(options);
  parse_sizes(options);
  parse_servers(options);
  parse_results(options);
  return options;
}

const simulate::scenario& simulate_command::parsed_scenario() const {
  if (!has("--scenario")) return simulate::scenarios().front();
  if (const simulate::scenario* const known = simulate::find_scenario(scenario_)) return *known;
  throw text::usage_error{"--scenario '" + scenario_ + "': give one of " +
                          names_of(simulate::scenarios())};
}

void simulate_command::parse_strategies(simulate::simulate_options& options) const {
  const bool has_command = has("--strategy-command");
  if (has("--strategy")) {
    options.strategies = parse_strategy_names(strategies_);
  } else if (!has_command) {
    options.strategies =
        parse_strategy_names(std::string{options.chosen_scenario->usual.strategies});
  }
  if (!has_command) return;
  if (strategy_command_.find_first_not_of(' ') == std::string::npos) {
    throw text::usage_error{"--strategy-command: give the program and its arguments"};
  }
  options.strategy_command = strategy_command_;
  options.strategies.emplace_back("command");
}

void simulate_command::parse_sizes(simulate::simulate_options& options) const {
  const simulate::scenario& scenario = *options.chosen_scenario;
  const auto small_number = [](const char* name, const std::string& typed, std::uint32_t limit) {
    return static_cast<std::uint32_t>(text::typed_number(name, typed, 1, limit));
  };
  options.processes = small_number("--processes", processes_, simulate::processes_max);
  options.callers = has("--callers") ? small_number("--callers", callers_, simulate::callers_max)
                                     : scenario.usual.callers;
  const std::uint32_t callers_in_all = options.processes * options.callers;
  if (callers_in_all > simulate::callers_in_all_max) {
    throw text::usage_error{"--processes " + processes_ + " with " +
                            std::to_string(options.callers) +
                            " callers each: " + std::to_string(callers_in_all) +
                            " in all, and at most " + std::to_string(simulate::callers_in_all_max) +
                            " are possible; lower --processes or --callers"};
  }
  options.loads = parse_loads(has("--load-ms") ? std::string_view{loads_} : scenario.usual.loads);
  options.ttl =
      has("--ttl") ? text::typed_time("--ttl", ttl_, 100ms, simulate::ttl_max) : scenario.usual.ttl;
  options.events = scenario.usual.events;
  if (has("--events")) {
    if (!scenario.counts_events) {
      throw text::usage_error{
          "--events: this scenario has a fixed length; it is for scenarios that repeat a cold "
          "event"};
    }
    options.events = small_number("--events", events_, simulate::events_max);
  }
  options.seed = text::typed_number("--seed", seed_, 0, UINT64_MAX);
}

void simulate_command::parse_servers(simulate::simulate_options& options) const {
  if (redis_ != "auto") {
    if (!is_redis_mine_) {
      throw text::usage_error{
          "--redis " + simulate::without_password(redis_) +
          ": the simulation writes keys of its own there and loads the server; add "
          "--redis-is-mine if you want that"};
    }
    if (options.chosen_scenario->breaks_redis) {
      throw text::usage_error{"--redis: the scenario " +
                              std::string{options.chosen_scenario->name} +
                              " kills or empties the server, so it plays on a private one only"};
    }
    options.redis_url = redis_;
  }
  if (!redis_server_.empty()) options.redis_server = redis_server_;
  const auto origin = simulate::parse_origin(origin_);
  if (!origin) {
    throw text::usage_error{"--origin '" + simulate::without_password(origin_) +
                            "': give sqlite, postgresql, or a URL that begins with postgresql://"};
  }
  options.origin = *origin;
  if (!postgresql_bin_.empty()) options.postgresql_bin = postgresql_bin_;
}

void simulate_command::parse_results(simulate::simulate_options& options) const {
  const std::vector<typed_report> typed = reports_.typed();
  for (const typed_report& report : typed) {
    options.reports.push_back(
        {.format = report.format ? parse_format(*report.format) : report_format::text,
         .out = report.out});
  }
  require_one_printed(typed);
  if (!has("--expect")) return;
  auto expected = simulate::parse_expectations(expect_);
  if (!expected.error.empty()) throw text::usage_error{"--expect: " + expected.error};
  options.expected = std::move(expected.conditions);
}

}  // namespace drover::cli
