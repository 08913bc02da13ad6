// SPDX-License-Identifier: MIT
#include "audit/run/live_run.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "audit/metrics/metrics_server.hpp"
#include "audit/metrics/metrics_text.hpp"
#include "audit/proxy/cold_prober.hpp"
#include "audit/proxy/live_capture.hpp"
#include "audit/proxy/proxy.hpp"
#include "audit/proxy/resolve.hpp"
#include "audit/report/wording.hpp"
#include "audit/run/application.hpp"
#include "audit/run/application_tls.hpp"
#include "audit/run/audit_windows.hpp"
#include "audit/run/environment.hpp"
#include "audit/run/fault_injector.hpp"
#include "audit/run/origin_counters.hpp"
#include "audit/run/server_choice.hpp"
#include "audit/run/tls_bridge.hpp"
#include "audit/run/upstream.hpp"
#include "fault/plan/fault_spec.hpp"
#include "fault/script/script_sources.hpp"
#include "process/find_program.hpp"
#include "process/private_redis.hpp"
#include "process/scratch_folder.hpp"
#include "process/signal_watch.hpp"
#include "text/progress_line.hpp"
#include "text/usage_error.hpp"
#include "text/words.hpp"

#ifndef DROVER_VERSION
#define DROVER_VERSION "(unknown version)"
#endif

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

constexpr const char* default_listen = "127.0.0.1:6390";

void print(const std::string& line) { std::fprintf(stderr, "drover: %s\n", line.c_str()); }

environment own_environment() {
  environment variables;
  for (char** variable = ::environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  return variables;
}

live_metrics live_metrics_of(const live_capture& capture, const proxy& from) {
  const live_counts counts = capture.counts();
  const proxy_counts connections = from.counts();
  live_metrics out{.commands = counts.events,
                   .skipped = counts.skipped,
                   .lost = counts.lost,
                   .examined_share = static_cast<double>(counts.keys_per_million) / all_keys,
                   .connections = connections.opened,
                   .connections_open = connections.open_now,
                   .bytes_to_server = connections.bytes_to_server,
                   .bytes_to_client = connections.bytes_to_client};
  std::uint64_t pages = 0;
  if (std::ifstream statm{"/proc/self/statm"}; statm >> pages >> pages) {
    out.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0) {
    out.cpu_seconds = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  }
  return out;
}

/// Thrown when the private server has ended, so that no more traffic can be audited.
struct server_gone {
  std::string text;
};

class live_run {
 public:
  live_run(const audit_options& options, window_reports* windows)
      : options_{options},
        windows_{windows},
        listen_{listen_address()},
        variables_{own_environment()},
        outages_{planned_outages(options.outages, options.outage_pace)},
        specs_{all_faults()},
        server_program_{options.starts_redis ? process::find_redis_server(options.redis_server)
                                             : std::filesystem::path{}},
        tls_{options} {}

  live_outcome run() {
    check_program();
    choose_server();
    make_capture();
    listen();
    start_counters();
    start_capture();
    start_probe();
    start_proxy();
    start_metrics();
    print_addresses();
    start_check();
    const std::optional<int> code = watch();
    progress_.clear();
    if (check_) check_->stop();
    if (code.value_or(0) != 0) tell_of_end(*code);
    if (metrics_) metrics_->stop();
    proxy_->stop();
    if (injector_) injector_->stop();
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
    } catch (const server_gone& ending) {
      progress_.clear();
      print(ending.text + "; the report covers the traffic until then");
      is_complete_ = false;
    }
    return std::nullopt;
  }

  [[nodiscard]] address listen_address() const {
    if (options_.listen.empty()) {
      return options_.program.empty() ? *parse_address(default_listen)
                                      : address{"127.0.0.1", 0, ""};
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
      chosen_server own = server_from_option(redis_->url());
      own.source = "--redis auto";
      server_.first = own.without_credentials();
      server_.chosen = std::move(own);
      return;
    }
    server_ = explore(options_.server ? server_from_option(*options_.server)
                                      : server_from_environment(variables_),
                      options_.server_tls, print);
    if (server_.several) check_several();
  }

  void check_several() const {
    const std::string remedy = " needs a single server, and " + server_.in_words() + " is none";
    if (options_.is_active) throw text::usage_error{"--active" + remedy};
    if (!specs_.empty()) {
      throw text::usage_error{(outages_.empty() ? "--fault" : "--outages") + remedy};
    }
    if (listen_.is_unix()) {
      throw text::usage_error{"--listen: each of several servers needs a port; give HOST:PORT"};
    }
  }

  void make_capture() {
    live_settings settings;
    settings.hide_keys = options_.hides_keys;
    settings.is_active = options_.is_active;
    settings.keys_per_million = options_.keys_per_million;
    settings.window = options_.report_every;
    settings.tool = "drover " DROVER_VERSION;
    settings.recording = options_.record;
    if (options_.holds_misses) settings.barrier = miss_barrier::bounds{};
    settings.say = print;
    capture_.emplace(std::move(settings), assessor_);
    if (options_.is_active) add_probe();
  }

  /// Truncates an older recording, so all other options must have been checked before.
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

  /// Call it before the first record, because the probe observes all records.
  void add_probe() {
    probe_settings settings;
    settings.server = server_.first;
    settings.tls = server_.tls;
    settings.user = server_.chosen.endpoint.user;
    settings.password = server_.chosen.endpoint.password;
    settings.allowed = options_.allowed;
    settings.seed = std::random_device{}();
    settings.say = print;
    probe_.emplace(std::move(settings), *capture_);
    assessor_.observe(
        [this](const record& item, const rule_context& context) { probe_->saw(item, context); });
  }

  void start_probe() {
    if (!probe_) return;
    if (const auto started = probe_->start(); !started) {
      throw text::usage_error{"--active: " + started.error().text};
    }
  }

  void listen() {
    proxy_settings settings;
    settings.listen = listen_;
    settings.server = server_.first;
    settings.server_tls = server_.tls;
    settings.client_tls = tls_.acceptor();
    settings.several = server_.several;
    settings.say = [](const std::string& line) { print(with_options_of_command(line)); };
    if (!specs_.empty()) put_faults_behind(settings);
    proxy_.emplace(std::move(settings), &*capture_);
    auto at = proxy_->listen();
    if (!at) throw text::usage_error{at.error().text};
    proxy_at_ = *std::move(at);
  }

  /// The proxy of the audit then sees what the application sees. The probe has the server to
  /// itself.
  void put_faults_behind(proxy_settings& settings) {
    address server = settings.server;
    if (settings.server_tls) {  // the faults are injected into plain bytes
      bridge_.emplace(server, std::exchange(settings.server_tls, nullptr), settings.say);
      auto bridge_at = bridge_->start();
      if (!bridge_at) throw text::usage_error{bridge_at.error().text};
      server = *std::move(bridge_at);
    }
    injector_.emplace(specs_, options_.fault_seed, server, *capture_);
    const auto at = injector_->listen();
    if (!at) throw text::usage_error{at.error().text};
    settings.server_name = "the server at " + describe(settings.server);
    settings.reports_outages = false;  // the injector knows which ones are real
    settings.server = *at;
    settings.connecting = [this](std::uint64_t connection, std::uint16_t from_port) {
      injector_->expect(connection, from_port);
    };
  }

  /// Those of the user come first: of the faults that exclude each other, they apply.
  [[nodiscard]] std::vector<faults::fault_spec> all_faults() const {
    std::vector<faults::fault_spec> all;
    if (!options_.fault_sources.empty()) all = faults::read_sources(options_.fault_sources);
    for (const outage_planned& outage : outages_) all.push_back(fault_of(outage));
    return all;
  }

  /// The times of the faults begin now.
  void tell_of_outages() {
    const moment begin = capture_->now();
    for (outage_planned& outage : outages_) {
      outage.from += begin;
      outage.to += begin;
      outage.recovery_until += begin;
      capture_->add_record(outage);
    }
  }

  void start_check() {
    if (!options_.check) return;
    check_.emplace(check_settings{
        .target = *options_.check,
        .timeout = options_.check_timeout,
        .now = [this] { return capture_->now(); },
        .tell = [this](application_checked check) { capture_->add_record(std::move(check)); }});
    check_->start();
  }

  /// The command has failed. During an outage, this is what it does when its cache fails.
  void tell_of_end(int code) {
    if (outages_.empty()) return;
    application_checked end;
    end.from = end.to = capture_->now();
    end.is_last = true;
    end.why = "the application ended with exit code " + std::to_string(code);
    capture_->add_record(std::move(end));
  }

  void start_proxy() {
    if (injector_) injector_->start();
    tell_of_outages();
    if (const auto started = proxy_->start(); !started)
      throw text::usage_error{started.error().text};
  }

  void start_metrics() {
    if (!options_.metrics) return;
    const auto at = parse_address(*options_.metrics);
    if (!at) throw text::usage_error{"--metrics: " + at.error().text};
    metrics_.emplace(metrics_server_settings{
        .listen = *at, .text = [this] {
          return metrics_text(live_metrics_of(*capture_, *proxy_),
                              windows_ != nullptr ? windows_->metrics() : report_metrics{});
        }});
    const auto listening = metrics_->listen();
    if (!listening) throw text::usage_error{"--metrics: " + listening.error().text};
    metrics_->start();
    print("metrics at http://" + describe(*listening) + "/metrics" +
          (metrics_->is_public() ? "; every host that can reach this address can read them" : ""));
  }

  /// Prints to standard error, because the text is not part of the report.
  void print_addresses() {
    print("listening on " + describe(proxy_at_) + (tls_.acceptor() ? " with TLS" : "") +
          " in front of " + server_.in_words() + " (" + server_.chosen.source + ")");
    if (server_.several) {
      print(
          "each of the servers has a port of its own, which the application gets to know as it "
          "does without the audit");
    }
    if (!tls_.authority().empty()) {
      print("the application has to trust the authority (CA) in " + tls_.authority().string());
    }
    if (!outages_.empty()) {
      std::string names;
      for (const outage_planned& outage : outages_) {
        names += (names.empty() ? "" : ", ") + std::string{name_of(outage.kind)};
      }
      print("the server will fail: " + names +
            "; the last outage is over, and the application has " + "recovered, after " +
            text::in_words(
                std::chrono::nanoseconds{end_of_outages(options_.outages, options_.outage_pace)}));
    }
    if (!options_.fault_sources.empty()) {
      print("injecting faults between the two, seed " + std::to_string(options_.fault_seed));
    }
    if (options_.program.empty()) {
      print("connect the application to this address; " +
            std::string{options_.report_every
                            ? "a report is written every " +
                                  text::in_words(std::chrono::nanoseconds{*options_.report_every}) +
                                  ", and at Ctrl-C"
                        : options_.length ? "the report is printed when the time is over"
                                          : "Ctrl-C ends the audit and prints the report"});
    }
  }

  [[nodiscard]] url_form form_of_url() const {
    url_form form;
    if (tls_.acceptor()) form.scheme = "rediss";
    if (server_.kind == upstream_kind::sentinels) {
      form = {"redis+sentinel", "/" + server_.chosen.endpoint.service};
    }
    return form;
  }

  [[nodiscard]] std::string filled(std::string text, const url_form& form) const {
    constexpr std::string_view placeholder = "{ca}";
    const std::string file = tls_.authority().string();
    for (auto at = text.find(placeholder); !file.empty() && at != std::string::npos;
         at = text.find(placeholder, at + file.size())) {
      text.replace(at, placeholder.size(), file);
    }
    return fill_placeholders(std::move(text), proxy_at_, form);
  }

  void add_authority(environment& to) const {
    constexpr std::string_view name = "NODE_EXTRA_CA_CERTS=";
    for (std::string& variable : to) {
      if (!variable.starts_with(name)) continue;
      const std::string others = variable.substr(name.size());
      variable = std::string{name} + tls_.authority_besides(others).string();
      return;
    }
    to.push_back(std::string{name} + tls_.authority().string());
  }

  [[nodiscard]] process::foreground_process::plan command() const {
    const address server = server_.chosen.without_credentials();
    const url_form form = form_of_url();
    const bool follows_variables = !options_.server && !options_.starts_redis;
    const rewritten environment_of_command =
        rewrite(variables_, {.proxy = proxy_at_,
                             .only_server = follows_variables ? &server : nullptr,
                             .drops_credentials = options_.starts_redis,
                             .form = form});
    for (const std::string& name : environment_of_command.unchanged) {
      print(name + " names a server that is not audited; it is not changed");
    }
    process::foreground_process::plan plan;
    for (const std::string& word : options_.program) {
      plan.command.push_back(filled(word, form));
    }
    plan.environment = environment_of_command.variables;
    if (!tls_.authority().empty()) add_authority(plan.environment);
    for (const std::string& variable : options_.set_env) {
      const std::string name = variable.substr(0, variable.find('=') + 1);
      std::erase_if(plan.environment, [&](const auto& other) { return other.starts_with(name); });
      plan.environment.push_back(filled(variable, form));
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
    const live_counts capture_counts = capture_->counts();
    const proxy_counts connection_counts = proxy_->counts();
    progress_.show(
        std::to_string(connection_counts.open_now) + " connections  " +
        std::to_string(capture_counts.events) + " commands" +
        (capture_counts.keys_per_million < all_keys
             ? "  " + share_in_words(capture_counts.keys_per_million / 1e6) + " of the keys"
             : "") +
        "  Ctrl-C: report");
  }

  const audit_options& options_;
  window_reports* const windows_;
  const address listen_;
  const environment variables_;
  std::vector<outage_planned> outages_;
  const std::vector<faults::fault_spec> specs_;
  const std::filesystem::path server_program_;
  upstream server_;
  const application_tls tls_;
  address proxy_at_;
  bool is_complete_ = true;
  audit_windows assessor_{
      options_, windows_ != nullptr
                    ? [windows = windows_](audit_result result) { windows->add(std::move(result)); }
                    : std::function<void(audit_result)>{}};
  // The order matters: destructors run in reverse order.
  const process::signal_watch signals_{SIGUSR1, SIGUSR2};
  std::optional<process::scratch_folder> folder_;
  std::optional<process::private_redis> redis_;
  std::optional<live_capture> capture_;
  std::vector<requested_counter> counters_;
  std::optional<cold_prober> probe_;
  std::optional<tls_bridge> bridge_;
  std::optional<fault_injector> injector_;
  std::optional<proxy> proxy_;
  std::optional<application_check> check_;
  std::optional<metrics_server> metrics_;
  text::progress_line progress_{STDERR_FILENO};
};

}  // namespace

live_outcome run_live(const audit_options& options, window_reports* windows) {
  return live_run{options, windows}.run();
}

}  // namespace drover::audit
