// SPDX-License-Identifier: MIT
#include "simulate/herd.hpp"

#include <algorithm>
#include <stdexcept>

#include "simulate/child_process.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr auto fill_ttl = 1'000ms;  // the least that SETEX can say
constexpr auto head_start =
    20ms;  // from the signal to the instant: time for every caller to hear it
constexpr auto tick = 20ms;
constexpr auto patience_max = 60s;  // for each phase, on top of the queries themselves

class herd {
 public:
  herd(const herd_plan& plan, const signal_watch& signals,
       const std::function<void(const herd_progress&)>& tell)
      : plan_{plan}, signals_{signals}, tell_{tell}, board_{plan.processes, plan.callers} {
    processes_.reserve(plan.processes);
    for (unsigned i = 0; i < plan.processes; ++i) processes_.emplace_back(plan_of(i));
  }

  herd_record run() {
    using phase = herd_progress::phase;
    board::counters& count = board_.count();
    wait(phase::gathering, [&] { return count.ready == plan_.processes * plan_.callers; });
    board_.enter(stage::filling);
    wait(phase::filling, [&] { return count.filled == 1; });
    wait(phase::expiring, [&] { return count.cold == 1; });
    fill_queries_ = count.queries_begun;
    fill_asked_ = count.asked;
    board_.release(board_now() + std::chrono::nanoseconds{head_start}.count());
    wait(phase::released, [&] { return have_all_ended(); });
    return collect();
  }

 private:
  [[nodiscard]] child_process::plan plan_of(unsigned number) const {
    return {.program = "/proc/self/exe",
            .arguments = {"drover", "herd-member", "--board",
                          std::to_string(child_process::descriptor_inside), "--number",
                          std::to_string(number), "--strategy", std::string{plan_.kind->name},
                          "--redis", plan_.redis_url, "--origin", plan_.origin, "--key", plan_.key,
                          "--load-ms", std::to_string(plan_.load.count()), "--fill-ttl-ms",
                          std::to_string(std::chrono::milliseconds{fill_ttl}.count())},
            .handed_over = board_.descriptor()};
  }

  template <class Done>
  void wait(herd_progress::phase at, const Done& done) {
    const auto begun = std::chrono::steady_clock::now();
    const auto deadline = begun + patience_max + 4 * plan_.load;
    while (!done()) {
      complain_about_the_dead();
      if (std::chrono::steady_clock::now() > deadline) {
        throw std::runtime_error{std::string{plan_.kind->title} +
                                 ": the herd did not come to an end (" +
                                 std::to_string(board_.count().served) + " callers served)"};
      }
      tell_(progress(at, std::chrono::steady_clock::now() - begun));
      signals_.pause(tick);
    }
  }

  [[nodiscard]] herd_progress progress(herd_progress::phase at, std::chrono::nanoseconds elapsed) {
    const board::counters& count = board_.count();
    herd_progress now{.at = at, .elapsed = elapsed};
    if (at != herd_progress::phase::released) return now;
    const std::uint32_t ended = count.queries_ended;
    const std::uint32_t begun = count.queries_begun;
    now.elapsed =
        std::chrono::nanoseconds{std::max<board_time>(board_now() - board_.release_at(), 0)};
    now.queries = begun - fill_queries_;
    now.running = begun - ended;
    now.served = count.served;
    return now;
  }

  [[nodiscard]] bool have_all_ended() {
    return std::ranges::all_of(processes_, [](auto& each) { return each.status().has_value(); });
  }

  void complain_about_the_dead() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      const std::optional<int> status = processes_[i].status();
      if (!status || *status == 0) continue;
      const std::string error = board_.error();
      throw std::runtime_error{std::string{plan_.kind->title} + ": process " +
                               std::to_string(i + 1) + " of the herd " + ending_in_words(*status) +
                               (error.empty() ? "" : ": " + error)};
    }
  }

  herd_record collect() {
    complain_about_the_dead();
    herd_record home;
    home.fill_queries = fill_queries_;
    home.queries_counted = board_.count().queries_begun - fill_queries_;
    home.queries_asked = board_.count().asked - fill_asked_;
    home.first_error = board_.error();
    const auto queries = board_.queries();
    for (std::size_t i = fill_queries_; i < queries.size(); ++i) {
      home.queries.push_back(since_release(queries[i].begun, queries[i].ended));
    }
    std::ranges::sort(home.queries, {}, &time_span::begun);
    for (const caller_record& each : board_.records()) {
      home.callers.push_back({since_release(each.begun, each.ended), each.got});
    }
    return home;
  }

  [[nodiscard]] time_span since_release(board_time begun, board_time ended) const {
    const board_time zero = board_.release_at();
    return {std::chrono::nanoseconds{begun - zero}, std::chrono::nanoseconds{ended - zero}};
  }

  const herd_plan& plan_;
  const signal_watch& signals_;
  const std::function<void(const herd_progress&)>& tell_;
  board board_;
  std::vector<child_process> processes_;
  std::uint32_t fill_queries_ = 0;
  std::uint32_t fill_asked_ = 0;
};

}  // namespace

herd_record run_herd(const herd_plan& plan, const signal_watch& signals,
                     const std::function<void(const herd_progress&)>& tell) {
  return herd{plan, signals, tell}.run();
}

}  // namespace drover::simulate
