// SPDX-License-Identifier: MIT
#include "simulate/demo.hpp"

#include <unistd.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/exit_codes.hpp"
#include "cli/progress_line.hpp"
#include "cli/terminal.hpp"
#include "simulate/herd.hpp"
#include "simulate/measurement.hpp"
#include "simulate/origin.hpp"
#include "simulate/private_redis.hpp"
#include "simulate/report.hpp"
#include "simulate/scratch_folder.hpp"
#include "simulate/signal_watch.hpp"
#include "simulate/strategy.hpp"
#include "simulate/wording.hpp"

namespace drover::simulate {
namespace {

/// Each run has a key of its own, so that none finds what another left.
std::string key_of_run(std::size_t number) { return "profile:" + std::to_string(number); }

std::vector<std::string> keys_for(std::size_t runs) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < runs; ++i) keys.push_back(key_of_run(i));
  return keys;
}

std::string status_of(const herd_progress& now, unsigned callers) {
  const std::string so_far = in_words(now.elapsed);
  switch (now.at) {
    case herd_progress::phase::gathering: return "callers connect, " + so_far;
    case herd_progress::phase::filling: return "the key is loaded into the cache, " + so_far;
    case herd_progress::phase::expiring: return "its ttl runs out, " + so_far;
    case herd_progress::phase::released: break;
  }
  return so_far + ": " + counted(now.queries, "query", "queries") + ", " +
         std::to_string(now.running) + " running; " + std::to_string(now.served) + " of " +
         std::to_string(callers) + " callers served";
}

class demo {
 public:
  explicit demo(const demo_options& asked)
      : asked_{asked}, program_{find_redis_server(asked.redis_server)} {}

  int run() {
    say(headline(asked_, page_));
    create_origin(folder_.path() / "origin.sqlite", keys_for(run_count()));
    private_redis redis{program_, folder_.path(), signals_};
    for (const auto load : asked_.loads) {
      load_runs& here = all_.emplace_back(load_runs{.load = load, .runs = {}});
      for (const strategy_kind& kind : strategies()) here.runs.push_back(run(kind, load, redis));
      progress_.clear();
      say(text_report(here, page_));
    }
    if (asked_.is_json) std::cout << json_report(asked_, all_);
    say(conclusion(all_, page_));
    if (!std::cout.flush()) throw std::runtime_error{"standard output was closed"};
    return is_met(all_) ? cli::exit_met : cli::exit_not_met;
  }

 private:
  [[nodiscard]] std::size_t run_count() const { return asked_.loads.size() * strategies().size(); }

  strategy_run run(const strategy_kind& kind, std::chrono::milliseconds load,
                   private_redis& redis) {
    const std::string where = "[" + std::to_string(done_ + 1) + "/" + std::to_string(run_count()) +
                              "] " + std::string{kind.title} + ", query of " + load_in_words(load);
    const herd_plan plan{.kind = &kind,
                         .processes = asked_.processes,
                         .callers = asked_.callers,
                         .load = load,
                         .redis_url = redis.url(),
                         .origin = (folder_.path() / "origin.sqlite").string(),
                         .key = key_of_run(done_)};
    const herd_record record = run_herd(plan, signals_, [&](const herd_progress& now) {
      progress_.show(where + " | " + status_of(now, asked_.processes * asked_.callers));
    });
    if (const auto status = redis.status()) {
      throw std::runtime_error{"redis-server " + ending_in_words(*status) + " while it was in use"};
    }
    ++done_;
    strategy_run made{.kind = &kind, .found = measure(record)};
    progress_.note(where + ": " + counted(made.found.queries, "query", "queries"));
    return made;
  }

  /// People's text, when nobody asked for JSON.
  void say(const std::string& text) const {
    if (!asked_.is_json) std::cout << text << std::flush;
  }

  const demo_options& asked_;
  const std::filesystem::path program_;
  const cli::terminal page_ = cli::terminal_of(STDOUT_FILENO);
  // What follows is undone in reverse order, whatever ends the demo.
  const signal_watch signals_;
  const scratch_folder folder_;
  cli::progress_line progress_{STDERR_FILENO};
  std::vector<load_runs> all_;
  std::size_t done_ = 0;
};

}  // namespace

int run_demo(const demo_options& asked) { return demo{asked}.run(); }

}  // namespace drover::simulate
