// SPDX-License-Identifier: MIT
// Runs the fault proxy: a server, the proxy in front of it, and the command or any client that
// connects. Everything that was started is stopped on return and on exceptions.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "audit/proxy/resolve.hpp"
#include "audit/run/application.hpp"
#include "audit/run/environment.hpp"
#include "audit/run/server_choice.hpp"
#include "audit/run/tls_bridge.hpp"
#include "audit/run/upstream.hpp"
#include "fault/proxy/fault_proxy.hpp"
#include "fault/proxy/injection_log.hpp"
#include "fault/run/fault_options.hpp"
#include "fault/run/summary.hpp"
#include "fault/script/script_sources.hpp"
#include "process/find_program.hpp"
#include "process/private_redis.hpp"
#include "process/scratch_folder.hpp"
#include "process/signal_watch.hpp"
#include "text/report_file.hpp"
#include "text/usage_error.hpp"

namespace drover::faults {
namespace {

constexpr const char* usual_listen = "127.0.0.1:6390";

void print(const std::string& line) { std::fprintf(stderr, "drover: %s\n", line.c_str()); }

audit::environment own_environment() {
  audit::environment all;
  for (char** variable = ::environ; *variable != nullptr; ++variable) all.emplace_back(*variable);
  return all;
}

audit::chosen_server server_named(const std::optional<std::string>& typed,
                                  const audit::environment& variables) {
  if (!typed) return audit::server_from_environment(variables);
  audit::chosen_server chosen = audit::server_from_option(*typed);
  if (chosen.kind != audit::upstream_kind::server) {
    throw text::usage_error{
        "--upstream: faults are injected in front of one server; name one of the servers with "
        "redis://HOST:PORT"};
  }
  return chosen;
}

/// The private server has ended.
struct server_gone {
  std::string text;
};

class fault_run {
 public:
  explicit fault_run(const fault_options& options)
      : options_{options},
        specs_{read_sources(options.sources)},
        listen_{listen_address()},
        variables_{own_environment()},
        server_program_{options.starts_redis ? process::find_redis_server(options.redis_server)
                                             : std::filesystem::path{}},
        out_{options.out} {
    check_program();
  }

  int run() {
    choose_server();
    make_proxy();
    // Replaces an older log. All other options have been checked by now.
    if (options_.log) log_.emplace(*options_.log);
    introduce();
    proxy_->start();
    const std::optional<int> code = watch();
    proxy_->stop();
    const summary result{options_.seed, specs_, proxy_->counts(), log_ ? log_->lost() : 0, code};
    report(result);
    if (failure_) throw std::runtime_error{*failure_};
    return code.value_or(0);
  }

 private:
  [[nodiscard]] audit::address listen_address() const {
    if (options_.listen.empty()) {
      return options_.program.empty() ? *audit::parse_address(usual_listen)
                                      : audit::address{"127.0.0.1", 0, ""};
    }
    auto at = audit::parse_address(options_.listen);
    if (!at) throw text::usage_error{"--listen: " + at.error().text};
    return *std::move(at);
  }

  void check_program() const {
    if (options_.program.empty()) return;
    try {
      static_cast<void>(process::find_program(options_.program.front()));
    } catch (const std::invalid_argument& error) {
      throw text::usage_error{std::string{error.what()} + "; put the command to run after --"};
    }
  }

  void choose_server() {
    if (options_.starts_redis) {
      folder_.emplace();
      redis_.emplace(server_program_, folder_->path(), signals_);
      server_ = audit::server_from_option(redis_->url());
      server_.source = "--redis auto";
      behind_ = server_.without_credentials();
      return;
    }
    server_ = server_named(options_.server, variables_);
    behind_ = server_.without_credentials();
    if (server_.endpoint.tls || audit::has_tls_options(options_.server_tls)) return use_tls();
    if (const auto reached = audit::reach(server_.without_credentials()); !reached) {
      throw text::usage_error{
          reached.error().text + " (" + server_.source +
          "); start it, name another server with --upstream, or start a private "
          "one with --redis auto"};
    }
  }

  /// The faults are injected into the plain bytes in front of a bridge.
  void use_tls() {
    const audit::upstream server = audit::explore(server_, options_.server_tls, print);
    bridge_.emplace(server.first, server.tls,
                    [](const std::string& line) { print(audit::with_options_of_command(line)); });
    auto at = bridge_->start();
    if (!at) throw text::usage_error{at.error().text};
    behind_ = *std::move(at);
  }

  void make_proxy() {
    fault_proxy_settings with;
    with.listen = listen_;
    with.server = behind_;
    with.specs = specs_;
    with.seed = options_.seed;
    with.say = print;
    if (options_.log) with.injected = [this](const injection& event) { log_->write(event); };
    proxy_.emplace(std::move(with));
    auto at = proxy_->listen();
    if (!at) throw text::usage_error{at.error().text};
    proxy_at_ = *std::move(at);
  }

  void introduce() const {
    print("injecting faults on " + describe(proxy_at_) + " in front of " +
          describe(server_.without_credentials()) + " (" + server_.source + "), seed " +
          std::to_string(options_.seed));
    if (options_.program.empty() && !options_.length) {
      print("connect the application to this address; Ctrl-C ends the proxy");
    }
  }

  /// A log on standard output is not mixed with the summary.
  void report(const summary& result) {
    const bool is_to_errors = is_log_on_output() && !options_.out;
    const auto on = options_.out ? text::terminal{}
                                 : text::terminal_of(is_to_errors ? STDERR_FILENO : STDOUT_FILENO);
    const std::string text = options_.is_json ? json_summary(result) : text_summary(result, on);
    if (is_to_errors) {
      std::fputs(text.c_str(), stderr);
    } else {
      out_.write(text);
    }
  }

  [[nodiscard]] bool is_log_on_output() const { return options_.log && *options_.log == "-"; }

  /// Waits until the command ends, the time is over, a signal arrives, or the server has ended.
  /// Returns the exit code of the command.
  std::optional<int> watch() {
    const audit::wait_conditions conditions{
        .signals = signals_, .at_most = options_.length, .tick = [this] { tick(); }};
    try {
      if (!options_.program.empty()) return audit::run_until_end(command(), conditions);
      audit::wait_without_command(conditions);
    } catch (const server_gone& event) {
      failure_ = event.text;
    }
    return std::nullopt;
  }

  void tick() {
    if (redis_ && redis_->status()) {
      throw server_gone{"the private redis-server " + process::ending_in_words(*redis_->status())};
    }
  }

  [[nodiscard]] process::foreground_process::plan command() const {
    const audit::address server = server_.without_credentials();
    const bool follows_variables = !options_.server && !options_.starts_redis;
    const audit::rewritten environment_of_command =
        audit::rewrite(variables_, {.proxy = proxy_at_,
                                    .only_server = follows_variables ? &server : nullptr,
                                    .drops_credentials = options_.starts_redis});
    for (const std::string& name : environment_of_command.unchanged) {
      print(name + " names another server; it is not changed");
    }
    process::foreground_process::plan plan;
    for (const std::string& word : options_.program) {
      plan.command.push_back(audit::fill_placeholders(word, proxy_at_));
    }
    plan.environment = environment_of_command.variables;
    for (const std::string& variable : options_.set_env) {
      const std::string name = variable.substr(0, variable.find('=') + 1);
      std::erase_if(plan.environment, [&](const auto& other) { return other.starts_with(name); });
      plan.environment.push_back(audit::fill_placeholders(variable, proxy_at_));
    }
    plan.speaks_to_errors = (options_.is_json && !options_.out) || is_log_on_output();
    return plan;
  }

  const fault_options& options_;
  const std::vector<fault_spec> specs_;
  const audit::address listen_;
  const audit::environment variables_;
  const std::filesystem::path server_program_;
  text::report_file out_;
  audit::chosen_server server_;
  audit::address behind_;  // the server, or the bridge in front of it
  audit::address proxy_at_;
  std::optional<std::string> failure_;
  // The destructors run in reverse order, however the run ends.
  const process::signal_watch signals_{SIGUSR1, SIGUSR2};
  std::optional<injection_log> log_;
  std::optional<process::scratch_folder> folder_;
  std::optional<process::private_redis> redis_;
  std::optional<audit::tls_bridge> bridge_;
  std::optional<fault_proxy> proxy_;
};

}  // namespace

int run_fault_proxy(const fault_options& options) { return fault_run{options}.run(); }

}  // namespace drover::faults
