// SPDX-License-Identifier: MIT
#include "simulate/herd/member.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "process/child_process.hpp"
#include "process/exit_codes.hpp"
#include "simulate/herd/board.hpp"
#include "simulate/herd/callers.hpp"
#include "simulate/herd/draws.hpp"
#include "simulate/herd/run_plan.hpp"
#include "simulate/origins/load_time.hpp"
#include "simulate/origins/origin.hpp"
#include "simulate/strategies/chosen_strategy.hpp"
#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 2ms;
constexpr auto watch_interval = 5ms;
constexpr std::uint32_t fillers_max = 32;

class member final : public query_log {
 public:
  member(std::uint32_t number, const run_plan& plan)
      : number_{number},
        plan_{plan},
        load_{load_time::parse(plan.load).value()},
        board_{process::child_process::descriptor_inside} {}

  [[nodiscard]] board& shared() noexcept { return board_; }

  void run() {
    origin_ = open_origin(plan_.origin, *this, connections());
    const std::unique_ptr<strategy> played = begin(plan_.ttl);
    std::vector<std::jthread> busy;
    callers all{plan_, number_, board_, *played};
    try {
      all.start(busy);
      if (number_ == 0) lead(*played, busy);
    } catch (const std::exception& error) {
      give_up(error);
    }
    plan_.comes == arrival::once ? all.await_all() : busy.clear();
    ++board_.count().done;
    // As a service goes on running, so that what a strategy does in the background is done.
    board_.await(stage::over);
    busy.clear();
  }

  [[nodiscard]] std::size_t begin(std::string_view key) noexcept override {
    return board_.begin_query(key_number(plan_, key), number_);
  }
  void end(std::size_t place) noexcept override { board_.end_query(place); }

 private:
  [[nodiscard]] unsigned connections() const {
    return plan_.capacity > 0 ? std::min(plan_.capacity, plan_.callers) : plan_.callers;
  }

  [[nodiscard]] std::unique_ptr<strategy> begin(std::chrono::milliseconds ttl) {
    return chosen_strategy(plan_.strategy, plan_.strategy_command)
        .begin({.redis_url = plan_.redis_url,
                .ask = [this](std::string_view key) { return ask(key); },
                .ttl = ttl,
                .load = std::chrono::ceil<std::chrono::milliseconds>(load_.mean()),
                .seed = draws{plan_.seed, std::uint64_t{number_} << 32U}.next()});
  }

  std::optional<std::string> ask(std::string_view key) {
    const std::uint32_t nth = board_.count().asked.fetch_add(1);
    if (!board_.pass_gate()) {
      --board_.count().asked;  // the database never hears of it
      throw run_is_over{};
    }
    const struct at_the_gate {
      board& of;
      ~at_the_gate() { of.leave_gate(); }
    } inside{board_};
    return origin_->ask({.key = key,
                         .takes = load_.draw(draws{plan_.seed, nth}.uniform()),
                         .fails = board_.turn().origin_fails.load() != 0});
  }

  /// Without a release the callers wait for ever, so nothing is joined.
  [[noreturn]] void give_up(const std::exception& error) noexcept {
    board_.note_error(error.what());
    std::_Exit(process::exit_failure);
  }

  /// What only the first process does.
  void lead(strategy& played, std::vector<std::jthread>& busy) {
    board_.await(stage::filling);
    if (board_.now() == stage::filling) {
      fill(played);
      if (plan_.comes == arrival::once) wait_until_cold(played);
    }
    if (plan_.change_every > 0ms) {
      busy.emplace_back([this, &played] { keep_changing(played); });
    } else if (shows_its_end()) {
      busy.emplace_back([this, &played] { watch_value(played); });
    }
  }

  void fill(strategy& played) {
    std::unique_ptr<strategy> brief;
    if (plan_.fill_ttl > 0ms) brief = begin(plan_.fill_ttl);
    strategy& filled = brief ? *brief : played;
    std::atomic<std::uint32_t> next{0};
    std::exception_ptr trouble;
    std::mutex guard;
    const auto fill_some = [&] {
      try {
        for (std::uint32_t i = next++; i < plan_.keys; i = next++) {
          if (filled.get(key_name(plan_, i)).has_value() != plan_.has_rows) {
            throw std::runtime_error{"the first fill brought a wrong value"};
          }
          ++board_.count().filled;
        }
      } catch (const std::exception&) {
        const std::lock_guard held{guard};
        trouble = std::current_exception();
      }
    };
    {
      std::vector<std::jthread> fillers;
      for (std::uint32_t i = 1; i < std::min(plan_.keys, fillers_max); ++i) {
        fillers.emplace_back(fill_some);
      }
      fill_some();
    }
    if (trouble) std::rethrow_exception(trouble);
  }

  void wait_until_cold(strategy& played) {
    while (played.is_cached(key_name(plan_, 0))) std::this_thread::sleep_for(poll_interval);
    board_.count().cold.store(1);
  }

  /// Whether the ttl ends while callers call, and the strategy can tell. A program may not know
  /// what others of its kind have stored.
  [[nodiscard]] bool shows_its_end() const {
    return plan_.comes != arrival::once && plan_.has_rows && plan_.ttl < plan_.duration &&
           plan_.strategy != command_strategy_name;
  }

  /// Notes when the first key has no fresh value any more, for who reads the pictures.
  void watch_value(strategy& played) noexcept {
    board_.await(stage::released);
    bool was_fresh = true;
    for (board_time at = board_.release_at(); at < board_.turn().end_at;) {
      sleep_until(at);
      try {
        const bool is_fresh = played.is_cached(key_name(plan_, 0));
        if (was_fresh && !is_fresh) board_.note_mark(board_now(), mark_kind::cold);
        was_fresh = is_fresh;
      } catch (const std::exception& error) {
        board_.note_error(error.what());
      }
      at = board_now() + std::chrono::nanoseconds{watch_interval}.count();
    }
  }

  /// The writer: commits a new version, then does what the strategy asks of a writer. Who calls
  /// after that has a right to the new version.
  void keep_changing(strategy& played) noexcept {
    board_.await(stage::released);
    draws random{plan_.seed, std::numeric_limits<std::uint64_t>::max()};
    for (board_time at = board_.release_at();;) {
      at += random.around(plan_.change_every).count();
      if (at >= board_.turn().end_at) return;
      sleep_until(at);
      const std::uint32_t key = board_.count().changes % plan_.keys;
      try {
        const std::uint64_t version = origin_->change(key_name(plan_, key));
        played.invalidate(key_name(plan_, key));
        board_.versions()[key].store(version);
        ++board_.count().changes;
        board_.note_mark(board_now(), mark_kind::change);
      } catch (const std::exception& error) {
        board_.note_error(error.what());
      }
    }
  }

  const std::uint32_t number_;
  const run_plan plan_;
  const load_time load_;
  board board_;
  std::unique_ptr<origin> origin_;
};

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_member(std::span<const std::string> arguments) {
  if (arguments.empty()) return process::exit_usage;
  raise_descriptor_limit();
  const auto number = static_cast<std::uint32_t>(std::strtoul(arguments[0].c_str(), nullptr, 10));
  member self{number, from_arguments(arguments.subspan(1))};
  try {
    self.run();
  } catch (const std::exception& error) {
    self.shared().note_error(error.what());
    return process::exit_failure;
  }
  return process::exit_success;
}

}  // namespace drover::simulate
