// SPDX-License-Identifier: MIT
#include "world/system/kernel.hpp"

#include <execinfo.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

#include "world/running.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

constexpr std::int64_t ppm = 1'000'000;

kernel* active = nullptr;

bool can_run(const thread& candidate) noexcept {
  return candidate.at == thread::state::ready && !candidate.owner->is_paused;
}

}  // namespace

virtual_time process::monotonic(virtual_time now) const noexcept {
  return monotonic_begin + now + virtual_time{now.count() * drift_ppm / ppm};
}

virtual_time process::when_monotonic(virtual_time shown) const noexcept {
  const std::int64_t span = (shown - monotonic_begin).count();
  if (drift_ppm == 0) return virtual_time{span};
  // Rounding can leave the estimate a little too early.
  virtual_time when{span / (ppm + drift_ppm) * ppm};
  while (monotonic(when) < shown) when += std::max((shown - monotonic(when)) / 2, virtual_time{1});
  return when;
}

kernel* kernel::current() noexcept { return active; }

kernel::kernel(choices& decide, std::uint64_t seed)
    : decide_{decide}, draws_{base::seeded_random{seed}.next()} {}

kernel::~kernel() = default;

process& kernel::add_process() {
  const arena::on_account_of account{arena::harness};
  processes_.push_back(std::make_unique<process>());
  process& added = *processes_.back();
  added.number = static_cast<unsigned>(processes_.size());
  added.tokens = base::seeded_random{draws_.next()};
  return added;
}

thread& kernel::add_thread(process& in) {
  const arena::on_account_of account{arena::harness};
  threads_.push_back(std::make_unique<thread>());
  thread& added = *threads_.back();
  added.number = static_cast<unsigned>(threads_.size());
  added.owner = &in;
  living_.push_back(&added);
  return added;
}

thread& kernel::start(process& in, std::function<void()> body) {
  const arena::on_account_of account{arena::harness};
  thread& added = add_thread(in);
  added.is_detached = true;
  added.body = std::make_unique<fiber>(std::move(body));
  return added;
}

thread& kernel::start(process& in, void* (*entry)(void*), void* argument) {
  const arena::on_account_of account{arena::harness};
  thread& added = add_thread(in);
  added.entry = entry;
  added.argument = argument;
  added.body = std::make_unique<fiber>([&added] { added.result = added.entry(added.argument); });
  return added;
}

thread* kernel::find(unsigned number) noexcept {
  return number == 0 || number > threads_.size() ? nullptr : threads_[number - 1].get();
}

void kernel::at(virtual_time when, std::function<void()> event) {
  const arena::on_account_of account{arena::harness};
  events_.push_back({std::max(when, now_), draws_.next(), next_event_++, std::move(event)});
  std::push_heap(events_.begin(), events_.end(), std::greater<>{});
}

void kernel::run_due_events() {
  const arena::on_account_of account{arena::harness};
  while (is_event_due()) {
    std::pop_heap(events_.begin(), events_.end(), std::greater<>{});
    const timed due = std::move(events_.back());
    events_.pop_back();
    due.run();
    record_moment();
  }
}

void kernel::record_moment() {
  if (!records_moments_ || (!moments_.empty() && moments_.back() == now_)) return;
  const arena::on_account_of account{arena::harness};
  moments_.push_back(now_);
}

void kernel::collect_ready(std::vector<thread*>& into) const {
  into.clear();
  if (running_ != nullptr && running_->owner->is_alive && can_run(*running_)) {
    into.push_back(running_);
  }
  for (thread* const candidate : living_) {
    if (candidate != running_ && can_run(*candidate)) into.push_back(candidate);
  }
}

void kernel::switch_to(thread& next) {
  running_ = &next;
  note(next.number);
  note(static_cast<std::uint64_t>(now_.count()));
  const auto before = arena::set_owner(next.owner->number);
  next.body->enter();
  arena::set_owner(before);
  if (!next.body->has_ended()) return;
  next.at = thread::state::ended;
  next.body.reset();
  std::erase(living_, &next);
  wake(next.owner, &next, 1 << 30);
}

outcome kernel::run(std::uint64_t steps_max) {
  steps_max_ = steps_max;
  // The C library counts its own threads, and the standard library omits some steps for one thread.
  __libc_single_threaded = 0;
  active = this;
  outcome ended = outcome::finished;
  try {
    for (;;) {
      run_due_events();
      collect_ready(ready_);
      if (steps_ >= steps_max_) {
        ended = outcome::endless;
        break;
      }
      if (thread* const preempting = std::exchange(chosen_, nullptr)) {
        switch_to(*preempting);
        continue;
      }
      if (!ready_.empty()) {
        const std::size_t next = ready_.size() == 1 ? 0 : decide_.next_thread(ready_.size(), false);
        switch_to(*ready_[next]);
        continue;
      }
      running_ = nullptr;
      if (living_.empty()) break;
      if (events_.empty()) {
        ended = outcome::hung;
        break;
      }
      now_ = std::max(now_, events_.front().when);
    }
  } catch (const unsupported_request& refused) {
    refusal_ = refused.what();
    ended = outcome::unsupported;
  }
  active = nullptr;
  return ended;
}

void kernel::kill(process& ended) noexcept {
  ended.is_alive = false;
  std::erase_if(living_, [&ended](const thread* of) { return of->owner == &ended; });
  note(0xDEAD);
}

void kernel::pause(process& paused) noexcept {
  if (!paused.is_alive || std::exchange(paused.is_paused, true)) return;
  paused.paused_since = now_;
}

void kernel::resume(process& resumed) noexcept {
  if (!std::exchange(resumed.is_paused, false)) return;
  resumed.paused_for += now_ - resumed.paused_since;
}

void kernel::leave_running() noexcept {
  thread& self = *running_;
  self.body->leave();
  while (is_printing_stacks_) {
    std::array<void*, 40> frames{};
    ::backtrace_symbols_fd(frames.data(), ::backtrace(frames.data(), frames.size()), STDERR_FILENO);
    self.body->leave();
  }
}

void kernel::print_stacks() {
  is_printing_stacks_ = true;
  for (const auto& left : threads_) {
    if (left->at == thread::state::ended || !left->owner->is_alive) continue;
    std::fprintf(stderr, "thread %u of process %u:%s\n", left->number, left->owner->number,
                 left->body->has_begun() ? "" : " has not begun");
    if (!left->body->has_begun()) continue;
    running_ = left.get();
    left->body->enter();
  }
  is_printing_stacks_ = false;
}

void kernel::step(virtual_time cost) {
  ++steps_;
  busiest_ = std::max(busiest_, ++running_->steps_since_wait);
  now_ += cost;
  record_moment();
  if (steps_ < steps_max_ && !is_event_due()) {
    const bool has_other = std::ranges::any_of(living_, [this](const thread* candidate) {
      return candidate != running_ && can_run(*candidate);
    });
    if (!has_other) return;
    const arena::on_account_of account{arena::harness};
    collect_ready(ready_);
    const std::size_t next = decide_.next_thread(ready_.size(), true);
    if (next == 0) return;
    chosen_ = ready_[next];
  }
  leave_running();
}

bool kernel::wait(std::array<const void*, 2> on, std::optional<virtual_time> until,
                  std::uint32_t groups) {
  thread& self = *running_;
  self.waits_on = on;
  self.groups = groups;
  self.was_woken = false;
  const virtual_time began = now_;
  // A loop of waits that end at once has no other steps.
  ++steps_;
  busiest_ = std::max(busiest_, ++self.steps_since_wait);
  self.at = thread::state::blocked;
  const std::uint64_t number = ++self.wait_number;
  if (until) {
    at(*until, [&self, number] {
      if (self.at == thread::state::blocked && self.wait_number == number)
        self.at = thread::state::ready;
    });
  }
  leave_running();
  if (now_ > began) self.steps_since_wait = 0;
  self.waits_on = {};
  return self.was_woken;
}

int kernel::wake(const process* in, const void* address, int count, std::uint32_t groups) {
  const arena::on_account_of account{arena::harness};
  std::vector<thread*> waiting;
  for (thread* const candidate : living_) {
    if (candidate->at != thread::state::blocked || (candidate->groups & groups) == 0) continue;
    if (candidate->waits_on[0] != address && candidate->waits_on[1] != address) continue;
    if (in == nullptr || candidate->owner == in) waiting.push_back(candidate);
  }
  int woken = 0;
  while (woken < count && !waiting.empty()) {
    const std::size_t chosen = waiting.size() == 1 ? 0 : decide_.next_woken(waiting.size());
    waiting[chosen]->at = thread::state::ready;
    waiting[chosen]->was_woken = true;
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(chosen));
    ++woken;
  }
  return woken;
}

std::optional<virtual_time> kernel::draw_spurious_end() {
  if (spurious_ == 0 || draw(100) >= spurious_) return std::nullopt;
  return now_ + virtual_time{static_cast<std::int64_t>(draw(2'000'000))};
}

void kernel::note(std::uint64_t fact) noexcept {
  fingerprint_ = (fingerprint_ ^ fact) * 0x100000001B3U;
}

}  // namespace drover::world
