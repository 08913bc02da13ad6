// SPDX-License-Identifier: MIT
#include "simulate/run/simulate.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
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
#include "simulate/run/redis_access.hpp"
#include "simulate/strategies/chosen_strategy.hpp"
#include "text/progress_line.hpp"
#include "text/report_file.hpp"
#include "text/terminal.hpp"
#include "text/usage_error.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

// Of a database whose connections cost it a process each.
constexpr std::uint32_t connections_max = 1'200;
constexpr std::uint32_t background_loads = 4;    // of each process, beside its callers
constexpr std::uint32_t connections_aside = 50;  // the first fill, the writer, and we

/// Part of every key's name, and of nobody else's.
std::string fresh_token() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  std::string token;
  for (int i = 0; i < 12; ++i) token += digits[random() % digits.size()];
  return token;
}

std::vector<std::pair<std::string, parameter_value>> parameters_of(const simulate_options& asked,
                                                                   const run_plan& plan) {
  std::string loads;
  for (const load_time& each : asked.loads) loads += (loads.empty() ? "" : ",") + each.text();
  const auto ms = [](std::chrono::milliseconds time) {
    return static_cast<std::uint64_t>(time.count());
  };
  std::vector<std::pair<std::string, parameter_value>> all{
      {"processes", std::uint64_t{asked.processes}},
      {"callers_per_process", std::uint64_t{asked.callers}},
      {"load_ms", loads},
      {"ttl_ms", ms(asked.ttl)},
      {"keys", std::uint64_t{plan.keys}},
      {"seed", asked.seed}};
  if (asked.what->counts_events) all.emplace_back("events", std::uint64_t{asked.events});
  if (plan.think > 0ms) all.emplace_back("think_ms", ms(plan.think));
  if (plan.duration > 0ms) all.emplace_back("duration_ms", ms(plan.duration));
  if (plan.rate > 0.0) all.emplace_back("requests_per_second", plan.rate);
  if (plan.capacity > 0) all.emplace_back("capacity", std::uint64_t{plan.capacity});
  if (plan.change_every > 0ms) all.emplace_back("change_every_ms", ms(plan.change_every));
  return all;
}

class simulation_run {
 public:
  explicit simulation_run(const simulate_options& asked) : asked_{asked}, file_{asked.out} {
    try {
      for (const std::string& each : asked_.strategies) {
        static_cast<void>(chosen_strategy(each, asked_.strategy_command));
      }
    } catch (const std::invalid_argument& error) {
      throw text::usage_error{std::string{"--strategy-command: "} + error.what()};
    }
    check_origin();
    if (!asked_.redis_url) {
      server_program_ = process::find_redis_server(asked_.redis_server);
    } else if (const auto at = connection::parse_url(*asked_.redis_url); !at) {
      throw text::usage_error{"--redis: " + at.error().text};
    }
  }
  ~simulation_run() { remove_own_keys(); }
  simulation_run(const simulation_run&) = delete;
  simulation_run& operator=(const simulation_run&) = delete;

  int run() {
    start_servers();
    describe();
    for (const load_time& load : asked_.loads) {
      round_result& here = made_.rounds.emplace_back(
          round_result{.load = load.text(), .load_in_words = load.in_words(), .strategies = {}});
      for (const std::string& name : asked_.strategies) {
        here.strategies.push_back(play(name, load));
      }
      progress_.clear();
      say(text_round(here, page_));
    }
    say(text_conclusion(made_, page_));
    write_report();
    if (!std::cout.flush()) throw std::runtime_error{"standard output was closed"};
    return made_.is_met() ? process::exit_success : process::exit_failure;
  }

 private:
  void start_servers() {
    progress_.show("starting the servers");
    if (asked_.redis_url) {
      redis_url_ = *asked_.redis_url;
    } else {
      own_redis_.emplace(server_program_, folder_.path(), signals_);
      redis_url_ = own_redis_->url();
    }
    made_.server = server_in_words();
    has_touched_redis_ = true;
    origin_ = make_origin(asked_.origin, origin_plan(), signals_);
    made_.origin = origin_->about();
  }

  [[nodiscard]] std::string server_in_words() const {
    try {
      return redis_access{redis_url_}.about() + (own_redis_ ? ", private" : "");
    } catch (const redis_error& error) {
      throw std::runtime_error{std::string{own_redis_ ? "" : "--redis "} + error.what()};
    }
  }

  void check_origin() const {
    const origin_making how = origin_plan();
    if (asked_.origin.which != origin_choice::kind::sqlite && how.connections > connections_max) {
      throw text::usage_error{"--origin: PostgreSQL has a process for each connection, and these " +
                              std::to_string(asked_.processes * asked_.callers) +
                              " callers may need " + std::to_string(how.connections) +
                              ", which are more than " + std::to_string(connections_max) +
                              "; lower --processes or --callers"};
    }
    std::string missing = lacking_for(asked_.origin, how);
    if (!missing.empty()) throw text::usage_error{std::move(missing)};
  }

  [[nodiscard]] origin_making origin_plan() const {
    const run_plan plan = plan_for("", asked_.loads.front());
    const std::uint32_t asking = plan.callers + background_loads;
    return {.folder = folder_.path(),
            .name = "drover_simulate_" + token_,
            .connections =
                connections_aside +
                plan.processes * (plan.capacity > 0 ? std::min(asking, plan.capacity) : asking),
            .postgresql_bin = asked_.postgresql_bin};
  }

  void describe() {
    made_.scenario = asked_.what->name;
    made_.title = asked_.what->title;
    made_.story = asked_.what->story;
    made_.look_for = asked_.what->look_for;
    made_.parameters = parameters_of(asked_, plan_for("", asked_.loads.front()));
    made_.command = asked_.command;
    progress_.clear();
    say(text_heading(made_, page_));
  }

  /// Of the run for that cold event. All strategies draw the same random numbers in it.
  [[nodiscard]] run_plan plan_for(const std::string& strategy, const load_time& load,
                                  std::uint32_t event = 0) const {
    run_plan plan{.strategy = strategy,
                  .strategy_command = asked_.strategy_command,
                  .redis_url = redis_url_,
                  .origin = origin_ ? origin_->address() : "",
                  .prefix = "drover-simulate:" + token_ + ':' + std::to_string(runs_) + ':',
                  .processes = asked_.processes,
                  .callers = asked_.callers,
                  .ttl = asked_.ttl,
                  .load = load.text(),
                  .seed = asked_.seed + event};
    asked_.what->prepare(plan, asked_.events);
    return plan;
  }

  strategy_result play(const std::string& name, const load_time& load) {
    const strategy_kind about = chosen_strategy(name, asked_.strategy_command);
    const std::string title{about.title};
    const bool is_repeated = plan_for(name, load).comes == arrival::once;
    std::vector<run_record> records;
    for (std::uint32_t event = 0; event < (is_repeated ? asked_.events : 1); ++event) {
      records.push_back(play_once(plan_for(name, load, event), title, load));
      ++runs_;
    }
    // A value lives at least half its ttl, unless the row changes: what comes sooner belongs to the
    // same cold event.
    const bool has_changes = plan_for(name, load).change_every > 0ms;
    const std::chrono::nanoseconds gap =
        has_changes ? std::chrono::nanoseconds{load.mean()} : asked_.ttl / 2;
    strategy_result made{
        .name = name,
        .title = title,
        .weakness = std::string{about.weakness},
        .is_one_enough = asked_.what->is_one_enough,
        .found = measure(records, {.events = asked_.what->events, .event_gap = gap}),
        .checks = {}};
    made.checks = evaluate(conditions_for(name), made.found);
    progress_.note(where(title, load) + ": " +
                   counted(made.found.queries_total, "query", "queries"));
    ++played_;
    return made;
  }

  [[nodiscard]] std::vector<expectation> conditions_for(const std::string& name) const {
    if (!asked_.expected.empty()) return asked_.expected;
    if (!name.starts_with("drover")) return {};
    return parse_expectations(asked_.what->promise).conditions;
  }

  run_record play_once(const run_plan& plan, const std::string& title, const load_time& load) {
    if (plan.has_rows) {
      std::vector<std::string> keys;
      for (std::uint32_t i = 0; i < plan.keys; ++i) keys.push_back(key_name(plan, i));
      origin_->add_rows(keys);
    }
    const std::string label = where(title, load);
    const std::function<void(const herd_progress&)> tell = [&](const herd_progress& now) {
      progress_.show(label + " | " + status_of(now));
    };
    herd one{plan, own_redis_ ? &*own_redis_ : nullptr, signals_, tell};
    asked_.what->play(one);
    run_record record = one.finish();
    if (const auto counted_now = origin_->counted()) {
      record.queries_counted =
          *counted_now - std::exchange(counted_before_, *counted_now) - record.fill_queries;
    }
    return record;
  }

  [[nodiscard]] std::string where(const std::string& title, const load_time& load) const {
    const std::size_t all = asked_.loads.size() * asked_.strategies.size();
    return "[" + std::to_string(std::min(played_ + 1, all)) + "/" + std::to_string(all) + "] " +
           title + ", load " + load.in_words();
  }

  [[nodiscard]] static std::string status_of(const herd_progress& now) {
    const std::string so_far = in_words(now.elapsed);
    if (!now.is_released) return std::string{now.doing} + ", " + so_far;
    return so_far + ": " + counted(now.queries, "query", "queries") + ", " +
           std::to_string(now.running) + " running; " + counted(now.calls, "call", "calls") + ", " +
           std::to_string(now.waiting) + " waiting";
  }

  /// People's text, unless standard output is for a machine.
  void say(const std::string& text) const {
    if (asked_.format == report_format::text || asked_.out) std::cout << text << std::flush;
  }

  void write_report() {
    switch (asked_.format) {
      case report_format::text: {
        text::terminal plain;
        if (asked_.out) file_.write(text_report(made_, plain));
        break;
      }
      case report_format::json: file_.write(json_report(made_)); break;
      case report_format::csv: file_.write(csv_report(made_)); break;
      case report_format::html: file_.write(html_report(made_)); break;
      case report_format::svg: file_.write(svg_picture(made_)); break;
    }
  }

  /// On a server that goes on without us.
  void remove_own_keys() noexcept {
    if (own_redis_ || !has_touched_redis_) return;
    try {
      redis_access{redis_url_}.remove_keys_with(token_);
    } catch (const std::exception& error) {
      std::cerr << "drover: keys that contain " << token_
                << " may be left in Redis: " << error.what() << '\n';
    }
  }

  const simulate_options& asked_;
  text::report_file file_;
  std::filesystem::path server_program_;
  const text::terminal page_ = text::terminal_of(STDOUT_FILENO);
  const std::string token_ = fresh_token();
  simulation made_;
  std::string redis_url_;
  bool has_touched_redis_ = false;
  std::size_t played_ = 0;
  std::uint32_t runs_ = 0;
  std::uint64_t counted_before_ = 0;
  // What follows is undone in reverse order, whatever ends the simulation.
  const process::signal_watch signals_;
  const process::scratch_folder folder_;
  std::optional<process::private_redis> own_redis_;
  std::unique_ptr<origin_owner> origin_;
  text::progress_line progress_{STDERR_FILENO};
};

}  // namespace

int run_simulate(const simulate_options& asked) { return simulation_run{asked}.run(); }

}  // namespace drover::simulate
