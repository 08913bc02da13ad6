// SPDX-License-Identifier: MIT
#include <drover/stderr_observer.hpp>

#include <cstdio>
#include <ctime>
#include <map>
#include <mutex>
#include <string>

#include "base/printing.hpp"
#include "metrics/line_limit.hpp"

namespace drover {
namespace {

bool needs_attention(const event& reported) {
  switch (reported.kind) {
    case event_kind::fill_skipped: return reported.text != "the loader returned do_not_store";
    case event_kind::load_failed:
    case event_kind::load_timed_out:
    case event_kind::entry_corrupt:
    case event_kind::invalidation_unknown:
    case event_kind::invalidation_dropped:
    case event_kind::fault_seen:
    case event_kind::connection_down:
    case event_kind::connection_refused:
    case event_kind::login_failed:
    case event_kind::connection_unverified:
    case event_kind::drain_waiting: return true;
    default: return false;
  }
}

steady_time line_time() {
  std::timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return steady_time{
      microseconds{static_cast<std::int64_t>(at.tv_sec) * 1'000'000 + at.tv_nsec / 1000}};
}

class line_writer : public observer {
 public:
  explicit line_writer(stderr_options options) : options_{options} {}

  void on_event(const event& reported) override {
    if (!needs_attention(reported)) return;
    const std::scoped_lock lock{mutex_};
    line_limit& limit = limits_.try_emplace(reported.kind, options_.lines_a_minute).first->second;
    const std::optional<std::uint64_t> left_out = limit.next(line_time());
    if (!left_out) return;
    std::string line{to_string(reported.kind)};
    if (!reported.cache.empty()) line.append(" in cache ").append(reported.cache);
    if (!reported.text.empty()) line.append(": ").append(base::printable(reported.text, 400));
    if (*left_out > 0) line += " (and " + std::to_string(*left_out) + " more before)";
    std::fprintf(stderr, "drover: %s\n", line.c_str());
  }

 private:
  using line_limit = metrics::line_limit;

  const stderr_options options_;
  std::mutex mutex_;
  std::map<event_kind, line_limit> limits_;
};

}  // namespace

std::shared_ptr<observer> stderr_observer(stderr_options options) {
  return std::make_shared<line_writer>(options);
}

}  // namespace drover
