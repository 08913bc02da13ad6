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
#define DROVER_VERSION "of no release"
#endif

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

constexpr const char* usual_listen = "127.0.0.1:6390";

void say(const std::string& line) { std::fprintf(stderr, "drover: %s\n", line.c_str()); }

environment own_environment() {
  environment all;
  for (char** each = ::environ; *each != nullptr; ++each) all.emplace_back(*each);
  return all;
}

/// Nothing more can be seen.
struct server_gone {
  std::string text;
};

class live_run {
 public:
  explicit live_run(const audit_options& asked)
      : asked_{asked},
        listen_{listen_address()},
        variables_{own_environment()},
        server_program_{asked.starts_redis ? process::find_redis_server(asked.redis_server)
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
    for (const wished_counter& each : counters_) each.counter->stop();
    capture_->stop();
    return {assessor_.finish(), code, is_whole_ && capture_->is_recorded()};
  }

 private:
  /// Until the command ends, the time is over, or the server is gone. The command's own code.
  std::optional<int> watch() {
    try {
      if (!asked_.program.empty()) return run_to_its_end(command(), waiting_here());
      wait_without_command(waiting_here());
    } catch (const server_gone& why) {
      progress_.clear();
      say(why.text + "; the report is about what was seen until then");
      is_whole_ = false;
    }
    return std::nullopt;
  }

  [[nodiscard]] address listen_address() const {
    if (asked_.listen.empty()) {
      return asked_.program.empty() ? *parse_address(usual_listen) : address{"127.0.0.1", 0, ""};
    }
    auto at = parse_address(asked_.listen);
    if (!at) throw text::usage_error{"--listen: " + at.error().text};
    return *std::move(at);
  }

  void check_program() const {
    if (asked_.program.empty()) return;
    try {
      static_cast<void>(process::find_program(asked_.program.front()));
    } catch (const std::invalid_argument& error) {
      throw text::usage_error{std::string{error.what()} +
                              "; behind -- stands the command to audit, as a shell would find it"};
    }
  }

  void choose_server() {
    if (asked_.starts_redis) {
      folder_.emplace();
      redis_.emplace(server_program_, folder_->path(), signals_);
      server_ = server_typed(redis_->url());
      server_.said_by = "--redis auto";
      return;
    }
    server_ = asked_.server ? server_typed(*asked_.server) : server_usual(variables_);
    if (const auto there = reach(server_.without_credentials()); !there) {
      throw text::usage_error{there.error().text + " (" + server_.said_by +
                              "); start it, name another by --upstream, or have a private one by "
                              "--redis auto"};
    }
  }

  void make_capture() {
    live_settings with;
    with.hide_keys = asked_.hides_keys;
    with.is_active = asked_.is_active;
    with.tool = "drover " DROVER_VERSION;
    with.recording = asked_.record;
    if (asked_.holds_misses) with.barrier = miss_barrier::bounds{};
    with.say = say;
    capture_.emplace(std::move(with), assessor_);
    if (asked_.is_active) add_probe();
  }

  /// Empties an older recording: by now nothing else can be refused that is known beforehand.
  void start_capture() {
    if (const auto started = capture_->start(); !started) {
      throw text::usage_error{"--record: " + started.error().text};
    }
  }

  void start_counters() {
    counters_ = counters_for(asked_.origins,
                             {.now = [this] { return capture_->now(); },
                              .tell = [this](record one) { capture_->tell(std::move(one)); },
                              .say = say});
    for (const wished_counter& each : counters_) {
      if (const auto started = each.counter->start(); !started) {
        throw text::usage_error{each.option + ": " + started.error().text};
      }
    }
  }

  /// Before the first record: it looks on from there.
  void add_probe() {
    probe_settings with;
    with.server = server_.without_credentials();
    with.user = server_.at.user;
    with.password = server_.at.password;
    with.allowed = asked_.allowed;
    with.seed = std::random_device{}();
    with.say = say;
    probe_.emplace(std::move(with), *capture_);
    assessor_.let_look_on(
        [this](const record& one, const rule_context& all) { probe_->saw(one, all); });
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
    with.say = say;
    proxy_.emplace(std::move(with), &*capture_);
    auto at = proxy_->listen();
    if (!at) throw text::usage_error{at.error().text};
    proxy_at_ = *std::move(at);
  }

  void start_proxy() {
    if (const auto started = proxy_->start(); !started)
      throw text::usage_error{started.error().text};
  }

  /// Nobody who reads a report on standard output wants this in it.
  void introduce() {
    say("listening on " + describe(proxy_at_) + " in front of " +
        describe(server_.without_credentials()) + " (" + server_.said_by + ")");
    if (asked_.program.empty()) {
      say("connect the application there; " +
          std::string{asked_.length ? "the report comes when the time is over"
                                    : "Ctrl-C ends the audit and prints the report"});
    }
  }

  [[nodiscard]] process::foreground_process::plan command() const {
    const address server = server_.without_credentials();
    const bool follows_variables = !asked_.server && !asked_.starts_redis;
    const rewritten told = rewrite(variables_, {.proxy = proxy_at_,
                                                .only_of = follows_variables ? &server : nullptr,
                                                .drops_credentials = asked_.starts_redis});
    for (const std::string& name : told.left) {
      say(name + " names another server than the one that is audited and stays as it is");
    }
    process::foreground_process::plan made;
    for (const std::string& word : asked_.program) {
      made.command.push_back(filled_in(word, proxy_at_));
    }
    made.environment = told.variables;
    for (const std::string& each : asked_.set_env) {
      const std::string name = each.substr(0, each.find('=') + 1);
      std::erase_if(made.environment, [&](const auto& had) { return had.starts_with(name); });
      made.environment.push_back(filled_in(each, proxy_at_));
    }
    for (const report_request& each : asked_.reports) {
      if (!each.out && each.format != audit_format::text) made.speaks_to_errors = true;
    }
    return made;
  }

  [[nodiscard]] waiting waiting_here() {
    return {.signals = signals_, .at_most = asked_.length, .tick = [this] { tick(); }};
  }

  void tick() {
    if (redis_ && redis_->status()) {
      throw server_gone{"the private redis-server " + process::ending_in_words(*redis_->status())};
    }
    if (!asked_.program.empty()) return;  // the terminal is the command's
    const live_counts seen = capture_->counts();
    const proxy_counts passed = proxy_->counts();
    progress_.show(
        std::to_string(passed.open_now) + " connections  " + std::to_string(seen.events) +
        " commands" +
        (seen.one_in > 1 ? "  one key in " + std::to_string(seen.one_in) + " looked at" : "") +
        "  Ctrl-C: report");
  }

  const audit_options& asked_;
  const address listen_;
  const environment variables_;
  const std::filesystem::path server_program_;
  chosen_server server_;
  address proxy_at_;
  bool is_whole_ = true;
  assessor assessor_{asked_};
  // What follows is undone in reverse order, whatever ends the audit.
  const process::signal_watch signals_{SIGUSR1, SIGUSR2};
  std::optional<process::scratch_folder> folder_;
  std::optional<process::private_redis> redis_;
  std::optional<live_capture> capture_;
  std::vector<wished_counter> counters_;
  std::optional<cold_prober> probe_;
  std::optional<proxy> proxy_;
  text::progress_line progress_{STDERR_FILENO};
};

}  // namespace

live_outcome run_live(const audit_options& asked) { return live_run{asked}.run(); }

}  // namespace drover::audit
