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

constexpr const char* simulate_footer =
    "Plays a scenario with each strategy in turn: real processes and threads, a real Redis (a\n"
    "private one that it starts), and a real database that counts its queries itself. Everything\n"
    "started is stopped and removed, also on Ctrl-C.\n"
    "\n"
    "Examples:\n"
    "  drover simulate                                    a hot key expires, in half a minute\n"
    "  drover simulate --list                             scenarios, strategies, origins\n"
    "  drover simulate --scenario holder-killed --strategy all\n"
    "  drover simulate --format html --out herd.html      a page with pictures\n"
    "  drover simulate --origin postgresql                a private PostgreSQL for the database\n"
    "  drover simulate --strategy drover --expect 'queries-per-event=1,errors=0'   in your CI\n"
    "  drover simulate --strategy-command 'python3 client.py {redis} {key}'        your own code\n"
    "\n"
    "--load-ms takes a list of forms, one round each: 50 | uniform:20-80 | exp:50 |\n"
    "lognormal:50:0.5 (median and sigma).\n"
    "--expect takes a list of NAME OP NUMBER, OP being one of = < <= > >=, that every strategy is\n"
    "held to; the NAMEs stand below. Without it, Drover alone is held to what the scenario "
    "promises\n"
    "of it.\n"
    "\n"
    "Exit codes:\n"
    "  0    everything that was expected was met\n"
    "  1    it was not, or it could not be shown (the message says why)\n"
    "  2    the input cannot be meant; nothing was started\n"
    "  130  interrupted by Ctrl-C (128 + the signal's number for others)\n"
    "\n"
    "A database of yours (--origin postgresql://user@host/name) gets a schema of the simulation's\n"
    "own, which is removed in the end; a password is better left to PGPASSWORD or ~/.pgpass.\n"
    "\n"
    "NO_COLOR stands for no colours.\n"
    "\n"
    "What can be expected:\n";

/// One line for each.
std::string names_to_expect() {
  std::string lines;
  for (const simulate::expectable& each : simulate::all_expectable()) {
    std::string line = "  " + std::string{each.name};
    line.resize(20, ' ');
    lines += line + std::string{each.meaning} + (each.is_time ? ", in milliseconds" : "") + '\n';
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

report_format format_named(const std::string& name) {
  const auto found =
      std::ranges::find(report_formats, name, &decltype(report_formats)::value_type::first);
  if (found != report_formats.end()) return found->second;
  throw text::usage_error{"--format '" + name + "': give text, json, csv, html or svg"};
}

template <class Named>
std::string names_of(const Named& all) {
  std::string names;
  for (const auto& each : all) names += (names.empty() ? "" : ", ") + std::string{each.name};
  return names;
}

std::vector<std::string> strategies_named(const std::string& text) {
  std::vector<std::string> names;
  if (text == "none") return names;
  if (text == "all") {
    for (const auto& each : simulate::strategies()) names.emplace_back(each.name);
    return names;
  }
  for (std::string& each : text::typed_list("--strategy", text)) {
    if (simulate::find_strategy(each) == nullptr) {
      throw text::usage_error{"--strategy '" + each + "': there are " +
                              names_of(simulate::strategies()) + ", and all"};
    }
    if (std::ranges::find(names, each) != names.end()) {
      throw text::usage_error{"--strategy '" + text + "': " + each + " stands there twice"};
    }
    names.push_back(std::move(each));
  }
  return names;
}

std::vector<simulate::load_time> loads_named(std::string_view text) {
  std::vector<simulate::load_time> loads;
  for (const std::string& each : text::typed_list("--load-ms", text)) {
    auto load = simulate::load_time::parse(each);
    if (!load) {
      throw text::usage_error{"--load-ms '" + each + "': give " +
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

}  // namespace

simulate_command::simulate_command(CLI::App& app)
    : app_{app.add_subcommand("simulate", simulate_description)} {
  app_->footer(simulate_footer + names_to_expect());
  const auto most = [](std::uint64_t number) { return std::to_string(number); };
  const auto text = [this](const char* name, std::string& to, const std::string& what,
                           const char* type) {
    return app_->add_option(name, to, what)->type_name(type);
  };
  app_->add_flag("--list", is_list_, "List scenarios, strategies and origins");
  text("--scenario", scenario_, "What happens (else expiry; --list shows all)", "NAME");
  text("--strategy", strategies_, "Who plays: a list, or all (else what shows the scenario best)",
       "LIST");
  text("--strategy-command", strategy_command_,
       "A client program of yours plays, too; {redis} and {key} are filled in", "'PROGRAM ...'");
  text("--processes", processes_, "How many processes (1 to " + most(simulate::processes_max) + ")",
       "N")
      ->capture_default_str();
  text(
      "--callers", callers_,
      "How many callers, each a thread, in each process (1 to " + most(simulate::callers_max) + ")",
      "N");
  text("--load-ms", loads_, "How long the query takes, in milliseconds; one round for each",
       "LIST");
  text("--ttl", ttl_, "How long a value lives: 500ms, 2s, 5m; a bare number is seconds", "TIME");
  text("--events", events_, "How often the key goes cold (1 to " + most(simulate::events_max) + ")",
       "N");
  text("--redis", redis_, "auto starts a private server; else a URL, with --redis-is-mine",
       "URL|auto")
      ->capture_default_str();
  app_->add_flag("--redis-is-mine", is_redis_mine_,
                 "Yes, --redis may get keys of the simulation's own, removed later");
  text("--redis-server", redis_server_, "redis-server, to run privately (else from PATH)", "PATH")
      ->envname("DROVER_REDIS_SERVER");
  text("--origin", origin_,
       "The database: sqlite, postgresql (a private server), or a URL of yours", "WHICH|URL")
      ->capture_default_str();
  text("--postgresql-bin", postgresql_bin_, "The folder of initdb and postgres (else found)",
       "PATH")
      ->envname("DROVER_POSTGRESQL_BIN");
  text("--format", format_, "text, json, csv, html or svg", "FORMAT")->capture_default_str();
  text("--out", out_, "Write the report there (else to standard output)", "FILE");
  text("--seed", seed_, "Of what is drawn at random: load times, pauses, keys", "N")
      ->capture_default_str();
  text("--expect", expect_, "Fail unless every strategy meets it", "LIST");
}

void simulate_command::refuse_for(const simulate::scenario& what) const {
  if (!what.counts_events) {
    refuse("--events", "this scenario's story takes the time it takes; others repeat a cold event");
  }
}

void simulate_command::refuse(const char* option, const char* why) const {
  if (has(option)) throw text::usage_error{std::string{option} + ": " + why};
}

std::variant<text_result, simulate::simulate_options> simulate_command::parsed_options(
    int count, const char* const* arguments) const {
  std::vector<std::string> words{arguments, arguments + count};
  words.front() = "drover";
  if (is_list_) return text_result{simulate::list_of_all(), 0};
  const simulate::scenario* what = &simulate::scenarios().front();
  if (has("--scenario")) what = simulate::find_scenario(scenario_);
  if (what == nullptr) {
    throw text::usage_error{"--scenario '" + scenario_ + "': there are " +
                            names_of(simulate::scenarios())};
  }
  return meant_simulation(*what, typed_command(words));
}

simulate::simulate_options simulate_command::meant_simulation(const simulate::scenario& what,
                                                              const std::string& typed) const {
  refuse_for(what);
  simulate::simulate_options made;
  made.what = &what;
  made.command = typed;
  made.strategies = strategies_named(
      has("--strategy")
          ? strategies_
          : (has("--strategy-command") ? "none" : std::string{what.usual.strategies}));
  made.strategy_command = strategy_command_;
  if (has("--strategy-command")) {
    if (strategy_command_.find_first_not_of(' ') == std::string::npos) {
      throw text::usage_error{"--strategy-command: give the program and its arguments"};
    }
    made.strategies.emplace_back("command");
  }
  if (made.strategies.empty()) throw text::usage_error{"--strategy: none is left to play"};
  made.processes = static_cast<std::uint32_t>(
      text::typed_number("--processes", processes_, 1, simulate::processes_max));
  made.callers = what.usual.callers;
  if (has("--callers")) {
    made.callers = static_cast<std::uint32_t>(
        text::typed_number("--callers", callers_, 1, simulate::callers_max));
  }
  if (made.processes * made.callers > simulate::callers_in_all_max) {
    throw text::usage_error{"--processes " + processes_ + " with " + std::to_string(made.callers) +
                            " callers each: " + std::to_string(made.processes * made.callers) +
                            " in all are more than " +
                            std::to_string(simulate::callers_in_all_max) +
                            "; lower --processes or --callers"};
  }
  made.loads = loads_named(has("--load-ms") ? std::string_view{loads_} : what.usual.loads);
  made.ttl =
      has("--ttl") ? text::typed_time("--ttl", ttl_, 100ms, simulate::ttl_max) : what.usual.ttl;
  made.events = what.usual.events;
  if (has("--events")) {
    made.events = static_cast<std::uint32_t>(
        text::typed_number("--events", events_, 1, simulate::events_max));
  }
  if (redis_ != "auto") {
    if (!is_redis_mine_) {
      throw text::usage_error{
          "--redis " + simulate::without_password(redis_) +
          ": the simulation puts keys of its own there and loads the server; say "
          "--redis-is-mine if that is what you want"};
    }
    if (what.breaks_redis) {
      throw text::usage_error{"--redis: the scenario " + std::string{what.name} +
                              " kills or empties the server, so it plays on a private one only"};
    }
    made.redis_url = redis_;
  }
  if (!redis_server_.empty()) made.redis_server = redis_server_;
  const auto origin = simulate::parse_origin(origin_);
  if (!origin) {
    throw text::usage_error{"--origin '" + simulate::without_password(origin_) +
                            "': give sqlite, postgresql, or a URL that begins with postgresql://"};
  }
  made.origin = *origin;
  if (!postgresql_bin_.empty()) made.postgresql_bin = postgresql_bin_;
  made.format = format_named(format_);
  if (has("--out")) made.out = out_;
  made.seed = text::typed_number("--seed", seed_, 0, UINT64_MAX);
  if (has("--expect")) {
    auto read = simulate::parse_expectations(expect_);
    if (!read.error.empty()) throw text::usage_error{"--expect: " + read.error};
    made.expected = std::move(read.conditions);
  }
  return made;
}

}  // namespace drover::cli
