// SPDX-License-Identifier: MIT
#include "simulate/herd_member.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "cli/exit_codes.hpp"
#include "simulate/board.hpp"
#include "simulate/origin.hpp"
#include "simulate/strategy.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

/// What the article stores with, and long against a run: after the herd's own fill nothing ends
/// again.
constexpr std::chrono::milliseconds herd_ttl = 300s;
constexpr auto poll_interval = 2ms;

class member {
 public:
  explicit member(const member_options& told)
      : told_{told},
        board_{told.board},
        kind_{find_strategy(told.strategy)},
        origin_{told.origin, board_, told.load, board_.callers()},
        expected_{row_for(told.key)} {
    if (kind_ == nullptr) throw std::runtime_error{"no strategy '" + told.strategy + "'"};
  }

  [[nodiscard]] board& shared() noexcept { return board_; }

  void run() {
    const std::unique_ptr<strategy> played = begin(herd_ttl);
    std::vector<std::jthread> callers;
    try {
      for (unsigned i = 0; i < board_.callers(); ++i) {
        callers.emplace_back([this, i, &played] { call(*played, record(i)); });
      }
      if (told_.number == 0) {
        board_.await(stage::filling);
        fill();
        wait_until_cold(*played);
      }
    } catch (const std::exception& error) {
      give_up(error);
    }
  }

 private:
  [[nodiscard]] std::unique_ptr<strategy> begin(std::chrono::milliseconds ttl) {
    return kind_->begin({.redis_url = told_.redis_url,
                         .ask = [this](std::string_view key) { return origin_.ask(key); },
                         .ttl = ttl,
                         .load = told_.load});
  }

  [[nodiscard]] caller_record& record(unsigned caller) {
    return board_.records()[std::size_t{told_.number} * board_.callers() + caller];
  }

  /// Without a release the callers wait for ever, so nothing is joined.
  [[noreturn]] void give_up(const std::exception& error) noexcept {
    board_.note_error(error.what());
    std::_Exit(cli::exit_not_met);
  }

  /// One caller: connects, waits for the instant, asks once.
  void call(strategy& played, caller_record& mine) noexcept {
    try {
      static_cast<void>(played.is_cached(told_.key));
      board_.count().ready.fetch_add(1);
      sleep_until_release();
      mine.begun = board_now();
      const std::string got = played.get(told_.key);
      mine.ended = board_now();
      mine.got = got == expected_ ? answer::right : answer::wrong;
    } catch (const std::exception& error) {
      if (mine.begun == 0) give_up(error);
      mine.ended = board_now();
      mine.got = answer::error;
      board_.note_error(error.what());
    }
    board_.count().served.fetch_add(1);
  }

  void sleep_until_release() const {
    board_.await(stage::released);
    const board_time at = board_.release_at();
    const timespec instant{.tv_sec = at / 1'000'000'000, .tv_nsec = at % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &instant, nullptr) == EINTR) {
    }
  }

  void fill() {
    if (begin(told_.fill_ttl)->get(told_.key) != expected_) {
      throw std::runtime_error{"the first fill brought a wrong value"};
    }
    board_.count().filled.store(1);
  }

  void wait_until_cold(strategy& played) {
    while (played.is_cached(told_.key)) std::this_thread::sleep_for(poll_interval);
    board_.count().cold.store(1);
  }

  const member_options& told_;
  board board_;
  const strategy_kind* kind_;
  origin origin_;
  const std::string expected_;
};

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_herd_member(const member_options& told) {
  raise_descriptor_limit();
  member self{told};
  try {
    self.run();
  } catch (const std::exception& error) {
    self.shared().note_error(error.what());
    return cli::exit_not_met;
  }
  return cli::exit_met;
}

}  // namespace drover::simulate
