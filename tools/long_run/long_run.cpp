// SPDX-License-Identifier: MIT
#include "long_run/long_run.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <deque>
#include <limits>

#include "base/random.hpp"
#include "long_run/long_run_curve.hpp"
#include "long_run/long_run_value.hpp"

namespace drover::simulate {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr std::array rules{renewal::ttl, renewal::ttl_lease, renewal::xfetch, renewal::drover,
                           renewal::xfetch_age};

// The requests for one key, as far as they matter.
//
// Long before the value's end nearly no request renews it, and those that do not are not drawn.
// That changes no distribution: by the rule's `ceiling`, requests in a stretch of time renew only
// if their draw is at most q. The requests of a Poisson process with such a draw are a Poisson
// process themselves, with the rate q * rate, and their draws are uniform on (0, q]; the others,
// independent of these, change nothing. A stretch in which none came may be left and the next one
// begun, since the process has no memory.
class traffic {
 public:
  traffic(double rate, bool draws_every_request, std::uint64_t seed)
      : rate_{rate}, draws_every_request_{draws_every_request}, random_{seed} {}

  /// The first request after `from` and before `limit` that renews the value or finds none, else
  /// `limit`.
  [[nodiscard]] double next_due(const long_run_value& value, double from, double limit) {
    const double end = std::min(value.end(), limit);
    double length = end - from;
    for (double now = from; now < end;) {
      length = std::min(2.0 * length, end - now);
      double below = ceiling(value, now + length);
      while (rate_ * length > 1.0 && rate_ * length * below > 1.0 && !draws_every_request_) {
        length /= 2.0;
        below = ceiling(value, now + length);
      }
      const double passed = gap(below);
      if (passed >= length) {
        now = length < end - now ? now + length : end;
        continue;
      }
      now += passed;
      if (value.is_due(now, below * random_.next_unit())) return now;
    }
    return std::min(limit, std::max(from, end) + (value.end() < limit ? gap(1.0) : never));
  }

  /// Does any request come in a stretch of this length?
  [[nodiscard]] bool has_request_within(double length) { return gap(1.0) < length; }

 private:
  [[nodiscard]] double ceiling(const long_run_value& value, double at) const {
    return draws_every_request_ ? 1.0 : value.ceiling(at);
  }
  // To the next request with a draw of at most `below`.
  [[nodiscard]] double gap(double below) {
    return below > 0.0 ? -std::log(random_.next_unit()) / (rate_ * below) : never;
  }

  double rate_;
  bool draws_every_request_;
  base::seeded_random random_;
};

// Means, variances and one covariance, without loss for values far from zero (Welford).
class moments {
 public:
  void add(double first, double second) noexcept {
    ++count_;
    const double off_first = first - first_;
    const double off_second = second - second_;
    first_ += off_first / static_cast<double>(count_);
    second_ += off_second / static_cast<double>(count_);
    first_squares_ += off_first * (first - first_);
    second_squares_ += off_second * (second - second_);
    products_ += off_first * (second - second_);
  }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] double first() const noexcept { return first_; }
  [[nodiscard]] double second() const noexcept { return second_; }
  [[nodiscard]] double error_of_first() const noexcept { return error(first_squares_); }
  [[nodiscard]] double error_of_second() const noexcept { return error(second_squares_); }
  /// Of first() / second(), for many samples.
  [[nodiscard]] double error_of_ratio() const noexcept {
    const double ratio = first_ / second_;
    const double squares =
        first_squares_ - 2.0 * ratio * products_ + ratio * ratio * second_squares_;
    return error(std::max(squares, 0.0)) / second_;
  }

 private:
  [[nodiscard]] double error(double squares) const noexcept {
    const auto count = static_cast<double>(count_);
    return count_ > 1 ? std::sqrt(squares / (count * (count - 1.0))) : 0.0;
  }

  std::uint64_t count_ = 0;
  double first_ = 0.0;
  double second_ = 0.0;
  double first_squares_ = 0.0;
  double second_squares_ = 0.0;
  double products_ = 0.0;
};

class key_history {
 public:
  key_history(renewal rule, const long_run_request& of, double rate, std::uint64_t seed)
      : value_{rule, of},
        requests_{rate, of.draws_every_request, seed},
        load_{std::chrono::duration<double>(of.load).count()} {
    value_.store(0.0);
  }

  [[nodiscard]] double now() const noexcept { return now_; }

  /// To the next load's beginning or end.
  void step() {
    const double ending = running_.empty() ? never : running_.front();
    if (value_.has_lease() && !running_.empty()) {
      if (value_.end() < ending && !is_waited_) {
        is_waited_ = requests_.has_request_within(ending - std::max(now_, value_.end()));
      }
      return store(ending);
    }
    const double due = requests_.next_due(value_, now_, ending);
    return due < ending ? begin_load(due) : store(ending);
  }

  void fill(long_run_row& row) const {
    row.cycles = loads_and_intervals_.count();
    row.loads = loads_;
    const double hours_per_cycle = loads_and_intervals_.second() / 3600.0;
    row.hours = hours_per_cycle * static_cast<double>(row.cycles);
    if (row.cycles == 0) return;
    row.queries_per_hour.found = loads_and_intervals_.first() / hours_per_cycle;
    row.queries_per_hour.error = loads_and_intervals_.error_of_ratio() * 3600.0;
    row.interval.found = loads_and_intervals_.second();
    row.interval.error = loads_and_intervals_.error_of_second();
    row.loads_per_cycle.found = loads_and_intervals_.first();
    row.loads_per_cycle.error = loads_and_intervals_.error_of_first();
    row.missed.found = missed_and_waited_.first();
    row.missed.error = missed_and_waited_.error_of_first();
    row.waited.found = missed_and_waited_.second();
    row.waited.error = missed_and_waited_.error_of_second();
    row.lead.found = leads_.first();
    row.lead.error = leads_.error_of_first();
  }

 private:
  void begin_load(double now) {
    now_ = now;
    running_.push_back(now + load_);
    const bool is_missed = now >= value_.end();
    if (is_open_) {
      ++loads_in_cycle_;
      is_waited_ = is_waited_ || is_missed;
      return;
    }
    if (loads_in_cycle_ > 0) close_cycle(now);
    is_open_ = true;
    began_ = now;
    loads_in_cycle_ = 1;
    is_missed_ = is_missed;
    is_waited_ = is_missed;
    lead_ = std::max(0.0, value_.end() - now);
  }

  void store(double now) {
    now_ = now;
    running_.pop_front();
    value_.store(now);
    is_open_ = false;
  }

  void close_cycle(double now) {
    loads_ += loads_in_cycle_;
    loads_and_intervals_.add(static_cast<double>(loads_in_cycle_), now - began_);
    missed_and_waited_.add(is_missed_ ? 1.0 : 0.0, is_waited_ ? 1.0 : 0.0);
    leads_.add(lead_, 0.0);
  }

  long_run_value value_;
  traffic requests_;
  double load_;
  double now_ = 0.0;
  std::deque<double> running_;  // when each load that runs ends

  bool is_open_ = false;  // nothing has been stored since the cycle's first load
  double began_ = 0.0;
  std::uint64_t loads_in_cycle_ = 0;
  bool is_missed_ = false;
  bool is_waited_ = false;
  double lead_ = 0.0;

  std::uint64_t loads_ = 0;
  moments loads_and_intervals_;
  moments missed_and_waited_;
  moments leads_;
};

// A row's draws depend on what it is, not on the rows before it.
std::uint64_t seed_for(renewal rule, double rate, std::uint64_t seed) {
  base::seeded_random by_rule{base::seeded_random{seed}.next() + static_cast<std::uint64_t>(rule)};
  return base::seeded_random{by_rule.next() + std::bit_cast<std::uint64_t>(rate)}.next();
}

void set_curve(long_run_row& row, const long_run_point& at) {
  row.queries_per_hour.curve = at.queries_per_hour;
  row.interval.curve = at.interval;
  row.loads_per_cycle.curve = at.loads_per_cycle;
  row.missed.curve = at.missed;
  row.waited.curve = at.waited;
  row.lead.curve = at.lead;
}

bool is_within(double number, double least, double most) {
  return number >= least && number <= most;
}

}  // namespace

std::string_view name_of(renewal rule) noexcept {
  switch (rule) {
    case renewal::ttl: return "ttl";
    case renewal::ttl_lease: return "ttl-lease";
    case renewal::xfetch: return "xfetch";
    case renewal::xfetch_age: return "xfetch-article";
    case renewal::drover: return "drover-strict";
  }
  return "";
}

std::string_view title_of(renewal rule) noexcept {
  switch (rule) {
    case renewal::ttl: return "ttl alone";
    case renewal::ttl_lease: return "ttl and lease";
    case renewal::xfetch: return "XFetch as in the paper";
    case renewal::xfetch_age: return "XFetch as in the article: age in place of the load time";
    case renewal::drover: return "drover: XFetch with refresh mark and lease";
  }
  return "";
}

std::span<const renewal> all_renewals() noexcept { return rules; }

std::optional<std::string> fault_in(const long_run_request& request) {
  using namespace std::chrono_literals;
  if (request.rules.empty() || request.rates.empty()) return "there must be a rule and a rate";
  if (request.ttl < 1s || request.ttl > 240h) return "the ttl must be from 1 s to 240 h";
  if (request.load < 1us) return "the load must take at least 1 us";
  if (!is_within(request.beta, 0.05, 20.0)) return "beta must be from 0.05 to 20";
  if (request.load > request.ttl / 20) return "the load must take at most a twentieth of the ttl";
  if (std::chrono::duration<double>(request.load) * request.beta * 20.0 > request.ttl)
    return "beta * load must be at most a twentieth of the ttl";
  for (const double rate : request.rates) {
    if (!is_within(rate, 1e-3, 1e5)) return "a rate must be from 0.001 to 100000 requests/s";
    if (rate * std::chrono::duration<double>(request.load).count() > 1e6)
      return "a rate must be at most 1000000 requests in the time of a load";
  }
  if (!is_within(request.hours, 1e-3, 1e6)) return "the hours must be from 0.001 to 1000000";
  return std::nullopt;
}

std::vector<long_run_row> run_long(const long_run_request& request,
                                   const long_run_watcher& watcher) {
  constexpr int steps_between_reports = 10'000;
  std::vector<long_run_row> rows;
  const std::size_t all = request.rules.size() * request.rates.size();
  const double end = request.hours * 3600.0;
  for (const renewal rule : request.rules) {
    for (const double rate : request.rates) {
      key_history history{rule, request, rate, seed_for(rule, rate, request.seed)};
      while (history.now() < end) {
        if (watcher && !watcher({rows.size(), all, history.now() / end})) return rows;
        for (int step = 0; step < steps_between_reports && history.now() < end; ++step)
          history.step();
      }
      long_run_row row;
      row.rule = rule;
      row.rate = rate;
      history.fill(row);
      set_curve(row, curve_at(rule, request, rate));
      rows.push_back(row);
    }
  }
  return rows;
}

}  // namespace drover::simulate
