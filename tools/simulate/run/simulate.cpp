// SPDX-License-Identifier: MIT
#include "simulate/run/simulate.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>

#include "connection/url.hpp"
#include "process/exit_codes.hpp"
#include "process/private_redis.hpp"
#include "process/scratch_folder.hpp"
#include "process/signal_watch.hpp"
#include "simulate/measure/simulation.hpp"
#include "simulate/origins/make_origin.hpp"
#include "simulate/report/csv_report.hpp"
#include "simulate/report/html_report.hpp"
#include "simulate/report/json_report.hpp"
#include "simulate/report/svg.hpp"
#include "simulate/report/text_report.hpp"
#include "simulate/report/wording.hpp"
#include "simulate/run/connection_need.hpp"
#include "simulate/run/redis_access.hpp"
#include "simulate/strategies/chosen_strategy.hpp"
#include "text/progress_line.hpp"
#include "text/report_file.hpp"
#include "text/terminal.hpp"
#include "text/usage_error.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

// PostgreSQL starts a process for each connection.
constexpr std::uint32_t connections_max = 1'200;

/// A random text that is part of the name of every key of this simulation, and of no other key.
std::string fresh_token() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  std::string token;
  for (int i = 0; i < 12; ++i) token += digits[random() % digits.size()];
  return token;
}

std::vector<std::pair<std::string, parameter_value>> parameters_of(const simulate_options& options,
                                                                   const run_plan& plan) {
  std::string loads;
  for (const load_time& load : options.loads) loads += (loads.empty() ? "" : ",") + load.text();
  const auto ms = [](std::chrono::milliseconds time) {
    return static_cast<std::uint64_t>(time.count());
  };
  std::vector<std::pair<std::string, parameter_value>> all{
      {"processes", std::uint64_t{options.processes}},
      {"callers_per_process", std::uint64_t{options.callers}},
      {"load_ms", loads},
      {"ttl_ms", ms(options.ttl)},
      {"keys", std::uint64_t{plan.keys}},
      {"seed", options.seed}};
  if (options.chosen_scenario->counts_events)
    all.emplace_back("events", std::uint64_t{options.events});
  if (plan.think > 0ms) all.emplace_back("think_ms", ms(plan.think));
  if (plan.duration > 0ms) all.emplace_back("duration_ms", ms(plan.duration));
  if (plan.rate > 0.0) all.emplace_back("requests_per_second", plan.rate);
  if (plan.capacity > 0) all.emplace_back("capacity", std::uint64_t{plan.capacity});
  if (plan.change_every > 0ms) all.emplace_back("change_every_ms", ms(plan.change_every));
  return all;
}

class simulation_run {
 public:
  explicit simulation_run(const simulate_options& options) : options_{options} {
    for (const report_request& report : options_.reports) files_.emplace_back(report.out);
    try {
      for (const std::string& name : options_.strategies) {
        static_cast<void>(chosen_strategy(name, options_.strategy_command));
      }
    } catch (const std::invalid_argument& error) {
      throw text::usage_error{std::string{"--strategy-command: "} + error.what()};
    }
    check_origin();
    if (!options_.redis_url) {
      server_program_ = process::find_redis_server(options_.redis_server);
    } else if (const auto endpoint = connection::parse_plain_url(*options_.redis_url); !endpoint) {
      throw text::usage_error{"--redis: " + endpoint.error().text};
    }
  }
  ~simulation_run() { remove_own_keys(); }
  simulation_run(const simulation_run&) = delete;
  simulation_run& operator=(const simulation_run&) = delete;

  int run() {
    start_servers();
    describe();
    for (const load_time& load : options_.loads) {
      round_result& round = simulation_.rounds.emplace_back(
          round_result{.load = load.text(), .load_in_words = load.in_words(), .strategies = {}});
      for (const std::string& name : options_.strategies) {
        round.strategies.push_back(play(name, load));
      }
      progress_.clear();
      print_text(text_round(round, page_));
    }
    print_text(text_conclusion(simulation_, page_));
    write_reports();
    if (!std::cout.flush()) throw std::runtime_error{"standard output was closed"};
    return simulation_.is_met() ? process::exit_success : process::exit_failure;
  }

 private:
  /// The database starts first, because it may allow too few connections. Nothing else is started
  /// in that case.
  void start_servers() {
    progress_.show("starting the servers");
    start_origin();
    if (options_.redis_url) {
      redis_url_ = *options_.redis_url;
    } else {
      own_redis_.emplace(server_program_, folder_.path(), signals_);
      redis_url_ = own_redis_->url();
    }
    simulation_.server = server_in_words();
    has_touched_redis_ = true;
  }

  void start_origin() {
    try {
      origin_ = make_origin(options_.origin, origin_plan(), signals_);
    } catch (const too_few_connections& error) {
      throw text::usage_error{std::string{error.what()} + "; " +
                              advice_for_room(first_plan(), error.room())};
    }
    simulation_.origin = origin_->about();
  }

  [[nodiscard]] std::string server_in_words() const {
    try {
      return redis_access{redis_url_}.about() + (own_redis_ ? ", private" : "");
    } catch (const redis_error& error) {
      throw std::runtime_error{std::string{own_redis_ ? "" : "--redis "} + error.what()};
    }
  }

  void check_origin() const {
    const origin_settings plan = origin_plan();
    if (options_.origin.which != origin_choice::kind::sqlite &&
        plan.connections > connections_max) {
      throw text::usage_error{
          "--origin: PostgreSQL starts a process for each connection; this run may need " +
          std::to_string(plan.connections) + " of them, more than " +
          std::to_string(connections_max) + "; " + advice_for_room(first_plan(), connections_max)};
    }
    std::string missing = missing_requirement(options_.origin, plan);
    if (!missing.empty()) throw text::usage_error{std::move(missing)};
  }

  /// A plan that differs from those of the other runs only in the strategy, the load and the seed.
  [[nodiscard]] run_plan first_plan() const { return plan_for("", options_.loads.front()); }

  [[nodiscard]] origin_settings origin_plan() const {
    return {.folder = folder_.path(),
            .name = "drover_simulate_" + token_,
            .connections = connections_for(first_plan()),
            .postgresql_bin = options_.postgresql_bin};
  }

  void describe() {
    simulation_.scenario = options_.chosen_scenario->name;
    simulation_.title = options_.chosen_scenario->title;
    simulation_.story = options_.chosen_scenario->story;
    simulation_.look_for = options_.chosen_scenario->look_for;
    simulation_.parameters = parameters_of(options_, first_plan());
    simulation_.command = options_.command;
    progress_.clear();
    print_text(text_heading(simulation_, page_));
  }

  /// The plan of the run for the cold event number `event`. All strategies draw the same random
  /// numbers in that run.
  [[nodiscard]] run_plan plan_for(const std::string& strategy, const load_time& load,
                                  std::uint32_t event = 0) const {
    run_plan plan{.strategy = strategy,
                  .strategy_command = options_.strategy_command,
                  .redis_url = redis_url_,
                  .origin = origin_ ? origin_->address() : "",
                  .prefix = "drover-simulate:" + token_ + ':' + std::to_string(runs_) + ':',
                  .processes = options_.processes,
                  .callers = options_.callers,
                  .ttl = options_.ttl,
                  .load = load.text(),
                  .seed = options_.seed + event};
    options_.chosen_scenario->prepare(plan, options_.events);
    return plan;
  }

  strategy_result play(const std::string& name, const load_time& load) {
    const strategy_kind kind = chosen_strategy(name, options_.strategy_command);
    const std::string title{kind.title};
    const bool is_repeated = plan_for(name, load).arrivals == arrival::once;
    std::vector<run_record> records;
    for (std::uint32_t event = 0; event < (is_repeated ? options_.events : 1); ++event) {
      records.push_back(play_once(plan_for(name, load, event), title, load));
      ++runs_;
    }
    // Unless the row changes, a value lives for at least half of its ttl. A query that begins
    // earlier belongs to the same cold event.
    const bool has_changes = plan_for(name, load).change_every > 0ms;
    const std::chrono::nanoseconds gap =
        has_changes ? std::chrono::nanoseconds{load.mean()} : options_.ttl / 2;
    strategy_result result{.name = name,
                           .title = title,
                           .weakness = std::string{kind.weakness},
                           .is_one_enough = options_.chosen_scenario->is_one_enough,
                           .measured = measure(records, {.events = options_.chosen_scenario->events,
                                                         .event_gap = gap}),
                           .headline = {},
                           .checks = {}};
    result.headline = key_figure_of(result.measured, options_.chosen_scenario->headline,
                                    {.processes = options_.processes,
                                     .ttl = options_.ttl,
                                     .load = load.mean(),
                                     .keys = first_plan().keys});
    result.checks = evaluate(conditions_for(name), result.measured);
    progress_.note(progress_label(title, load) + ": " +
                   counted(result.measured.queries_total, "query", "queries"));
    ++finished_;
    return result;
  }

  [[nodiscard]] std::vector<expectation> conditions_for(const std::string& name) const {
    if (!options_.expected.empty()) return options_.expected;
    if (!name.starts_with("drover")) return {};
    return parse_expectations(options_.chosen_scenario->promise).conditions;
  }

  run_record play_once(const run_plan& plan, const std::string& title, const load_time& load) {
    if (plan.has_rows) {
      std::vector<std::string> keys;
      for (std::uint32_t i = 0; i < plan.keys; ++i) keys.push_back(key_name(plan, i));
      origin_->add_rows(keys);
    }
    const std::string label = progress_label(title, load);
    const std::function<void(const herd_progress&)> show_progress = [&](const herd_progress& now) {
      progress_.show(label + " | " + status_of(now));
    };
    herd players{plan, own_redis_ ? &*own_redis_ : nullptr, signals_, show_progress};
    options_.chosen_scenario->play(players);
    run_record record = players.finish();
    if (const auto query_count = origin_->counted()) {
      record.queries_counted =
          *query_count - std::exchange(query_count_before_, *query_count) - record.fill_queries;
    }
    return record;
  }

  [[nodiscard]] std::string progress_label(const std::string& title, const load_time& load) const {
    const std::size_t all = options_.loads.size() * options_.strategies.size();
    return "[" + std::to_string(std::min(finished_ + 1, all)) + "/" + std::to_string(all) + "] " +
           title + ", load " + load.in_words();
  }

  [[nodiscard]] static std::string status_of(const herd_progress& now) {
    const std::string so_far = in_words(now.elapsed);
    if (!now.is_released) return std::string{now.doing} + ", " + so_far;
    return so_far + ": " + counted(now.queries, "query", "queries") + ", " +
           std::to_string(now.running) + " running; " + counted(now.calls, "call", "calls") + ", " +
           std::to_string(now.waiting) + " waiting";
  }

  /// Prints text for people, unless a report in another format goes to standard output.
  void print_text(const std::string& text) const {
    const bool is_stdout_taken =
        std::ranges::any_of(options_.reports, [](const report_request& report) {
          return !report.out && report.format != report_format::text;
        });
    if (!is_stdout_taken) std::cout << text << std::flush;
  }

  void write_reports() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const report_request& report = options_.reports[i];
      // `print_text` has printed this text while the simulation ran.
      if (report.format == report_format::text && !report.out) continue;
      files_[i].write(report_of(report.format));
    }
  }

  [[nodiscard]] std::string report_of(report_format format) const {
    switch (format) {
      case report_format::text: return text_report(simulation_, text::terminal{});
      case report_format::json: return json_report(simulation_);
      case report_format::csv: return csv_report(simulation_);
      case report_format::html: return html_report(simulation_);
      case report_format::svg: return svg_picture(simulation_);
    }
    return {};
  }

  /// Removes the keys of this simulation from a server that this program did not start.
  void remove_own_keys() noexcept {
    if (own_redis_ || !has_touched_redis_) return;
    try {
      redis_access{redis_url_}.remove_keys_with(token_);
    } catch (const std::exception& error) {
      std::cerr << "drover: keys that contain " << token_
                << " may be left in Redis: " << error.what() << '\n';
    }
  }

  const simulate_options& options_;
  std::deque<text::report_file> files_;  // one for each of options_.reports
  std::filesystem::path server_program_;
  const text::terminal page_ = text::terminal_of(STDOUT_FILENO);
  const std::string token_ = fresh_token();
  simulation simulation_;
  std::string redis_url_;
  bool has_touched_redis_ = false;
  std::size_t finished_ = 0;
  std::uint32_t runs_ = 0;
  std::uint64_t query_count_before_ = 0;
  // The order matters: however the simulation ends, the members below are destroyed in reverse
  // order.
  const process::signal_watch signals_;
  const process::scratch_folder folder_;
  std::optional<process::private_redis> own_redis_;
  std::unique_ptr<origin_owner> origin_;
  text::progress_line progress_{STDERR_FILENO};
};

}  // namespace

int run_simulate(const simulate_options& options) { return simulation_run{options}.run(); }

}  // namespace drover::simulate
