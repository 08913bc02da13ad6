// SPDX-License-Identifier: MIT
#include "audit/run/live_run.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "audit/proxy/cold_prober.hpp"
#include "audit/proxy/live_capture.hpp"
#include "audit/proxy/proxy.hpp"
#include "audit/proxy/resolve.hpp"
#include "audit/run/application.hpp"
#include "audit/run/assessor.hpp"
#include "audit/run/environment.hpp"
#include "audit/run/origin_counters.hpp"
#include "audit/run/server_choice.hpp"
#include "process/find_program.hpp"
#include "process/private_redis.hpp"
#include "process/scratch_folder.hpp"
#include "process/signal_watch.hpp"
#include "text/progress_line.hpp"
#include "text/usage_error.hpp"

#ifndef DROVER_VERSION
#define DROVER_VERSION "(unknown version)"
#endif

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

constexpr const char* usual_listen = "127.0.0.1:6390";

void print(const std::string& line) { std::fprintf(stderr, "drover: %s\n", line.c_str()); }

environment own_environment() {
  environment all;
  for (char** variable = ::environ; *variable != nullptr; ++variable) all.emplace_back(*variable);
  return all;
}

/// The private server has ended. No more traffic can be audited.
struct server_gone {
  std::string text;
};

class live_run {
 public:
  explicit live_run(const audit_options& options)
      : options_{options},
        listen_{listen_address()},
        variables_{own_environment()},
        server_program_{options.starts_redis ? process::find_redis_server(options.redis_server)
                                             : std::filesystem::path{}} {}

  live_outcome run() {
    check_program();
    choose_server();
    make_capture();
    listen();
    start_counters();
    start_capture();
    start_probe();
    start_proxy();
    introduce();
    const std::optional<int> code = watch();
    progress_.clear();
    proxy_->stop();
    if (probe_) probe_->stop();
    for (const requested_counter& origin : counters_) origin.counter->stop();
    capture_->stop();
    return {assessor_.finish(), code, is_complete_ && capture_->is_recorded()};
  }

 private:
  /// Waits until the command ends, the time is over, or the server has ended. Returns the exit code
  /// of the command.
  std::optional<int> watch() {
    try {
      if (!options_.program.empty()) return run_until_end(command(), conditions());
      wait_without_command(conditions());
    } catch (const server_gone& event) {
      progress_.clear();
      print(event.text + "; the report covers the traffic until then");
      is_complete_ = false;
    }
    return std::nullopt;
  }

  [[nodiscard]] address listen_address() const {
    if (options_.listen.empty()) {
      return options_.program.empty() ? *parse_address(usual_listen) : address{"127.0.0.1", 0, ""};
    }
    auto at = parse_address(options_.listen);
    if (!at) throw text::usage_error{"--listen: " + at.error().text};
    return *std::move(at);
  }

  void check_program() const {
    if (options_.program.empty()) return;
    try {
      static_cast<void>(process::find_program(options_.program.front()));
    } catch (const std::invalid_argument& error) {
      throw text::usage_error{std::string{error.what()} + "; put the command to audit after --"};
    }
  }

  void choose_server() {
    if (options_.starts_redis) {
      folder_.emplace();
      redis_.emplace(server_program_, folder_->path(), signals_);
      server_ = server_typed(redis_->url());
      server_.source = "--redis auto";
      return;
    }
    server_ = options_.server ? server_typed(*options_.server) : server_usual(variables_);
    if (const auto reached = reach(server_.without_credentials()); !reached) {
      throw text::usage_error{
          reached.error().text + " (" + server_.source +
          "); start it, name another server with --upstream, or start a private "
          "one with --redis auto"};
    }
  }

  void make_capture() {
    live_settings with;
    with.hide_keys = options_.hides_keys;
    with.is_active = options_.is_active;
    with.tool = "drover " DROVER_VERSION;
    with.recording = options_.record;
    if (options_.holds_misses) with.barrier = miss_barrier::bounds{};
    with.say = print;
    capture_.emplace(std::move(with), assessor_);
    if (options_.is_active) add_probe();
  }

  /// Truncates an older recording. All other options have been checked by now.
  void start_capture() {
    if (const auto started = capture_->start(); !started) {
      throw text::usage_error{"--record: " + started.error().text};
    }
  }

  void start_counters() {
    counters_ = counters_for(
        options_.origins, {.now = [this] { return capture_->now(); },
                           .tell = [this](record item) { capture_->add_record(std::move(item)); },
                           .say = print});
    for (const requested_counter& origin : counters_) {
      if (const auto started = origin.counter->start(); !started) {
        throw text::usage_error{origin.option + ": " + started.error().text};
      }
    }
  }

  /// To be called before the first record, because the probe observes all records.
  void add_probe() {
    probe_settings with;
    with.server = server_.without_credentials();
    with.user = server_.at.user;
    with.password = server_.at.password;
    with.allowed = options_.allowed;
    with.seed = std::random_device{}();
    with.say = print;
    probe_.emplace(std::move(with), *capture_);
    assessor_.observe(
        [this](const record& item, const rule_context& all) { probe_->saw(item, all); });
  }

  void start_probe() {
    if (!probe_) return;
    if (const auto started = probe_->start(); !started) {
      throw text::usage_error{"--active: " + started.error().text};
    }
  }

  void listen() {
    proxy_settings with;
    with.listen = listen_;
    with.server = server_.without_credentials();
    with.say = print;
    proxy_.emplace(std::move(with), &*capture_);
    auto at = proxy_->listen();
    if (!at) throw text::usage_error{at.error().text};
    proxy_at_ = *std::move(at);
  }

  void start_proxy() {
    if (const auto started = proxy_->start(); !started)
      throw text::usage_error{started.error().text};
  }

  /// Printed to standard error: it is not part of the report.
  void introduce() {
    print("listening on " + describe(proxy_at_) + " in front of " +
          describe(server_.without_credentials()) + " (" + server_.source + ")");
    if (options_.program.empty()) {
      print("connect the application to this address; " +
            std::string{options_.length ? "the report is printed when the time is over"
                                        : "Ctrl-C ends the audit and prints the report"});
    }
  }

  [[nodiscard]] process::foreground_process::plan command() const {
    const address server = server_.without_credentials();
    const bool follows_variables = !options_.server && !options_.starts_redis;
    const rewritten environment_of_command =
        rewrite(variables_, {.proxy = proxy_at_,
                             .only_of = follows_variables ? &server : nullptr,
                             .drops_credentials = options_.starts_redis});
    for (const std::string& name : environment_of_command.left) {
      print(name + " names a server that is not audited; it is not changed");
    }
    process::foreground_process::plan plan;
    for (const std::string& word : options_.program) {
      plan.command.push_back(filled_in(word, proxy_at_));
    }
    plan.environment = environment_of_command.variables;
    for (const std::string& variable : options_.set_env) {
      const std::string name = variable.substr(0, variable.find('=') + 1);
      std::erase_if(plan.environment, [&](const auto& other) { return other.starts_with(name); });
      plan.environment.push_back(filled_in(variable, proxy_at_));
    }
    for (const report_request& report : options_.reports) {
      if (!report.out && report.format != audit_format::text) plan.speaks_to_errors = true;
    }
    return plan;
  }

  [[nodiscard]] wait_conditions conditions() {
    return {.signals = signals_, .at_most = options_.length, .tick = [this] { tick(); }};
  }

  void tick() {
    if (redis_ && redis_->status()) {
      throw server_gone{"the private redis-server " + process::ending_in_words(*redis_->status())};
    }
    if (!options_.program.empty()) return;  // the command writes to the terminal
    const live_counts seen = capture_->counts();
    const proxy_counts passed = proxy_->counts();
    progress_.show(
        std::to_string(passed.open_now) + " connections  " + std::to_string(seen.events) +
        " commands" +
        (seen.one_in > 1 ? "  1 of " + std::to_string(seen.one_in) + " keys sampled" : "") +
        "  Ctrl-C: report");
  }

  const audit_options& options_;
  const address listen_;
  const environment variables_;
  const std::filesystem::path server_program_;
  chosen_server server_;
  address proxy_at_;
  bool is_complete_ = true;
  assessor assessor_{options_};
  // The destructors run in reverse order, however the audit ends.
  const process::signal_watch signals_{SIGUSR1, SIGUSR2};
  std::optional<process::scratch_folder> folder_;
  std::optional<process::private_redis> redis_;
  std::optional<live_capture> capture_;
  std::vector<requested_counter> counters_;
  std::optional<cold_prober> probe_;
  std::optional<proxy> proxy_;
  text::progress_line progress_{STDERR_FILENO};
};

}  // namespace

live_outcome run_live(const audit_options& options) { return live_run{options}.run(); }

}  // namespace drover::audit
