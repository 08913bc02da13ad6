// SPDX-License-Identifier: MIT
#include "audit/proxy/live_capture.hpp"

#include <signal.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "audit/capture/conversation.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t taken_at_once = 1024;
constexpr auto short_rest = 1ms;          // between looks at the queue while there is traffic
constexpr unsigned rests_max = 100;       // looks without traffic before the thread sleeps
constexpr auto process_wait = 2s;         // for the name of the process that connected
constexpr double events_fill_max = 0.95;  // the rest of the queue is for records other than events
constexpr double calm_fill = 0.5;         // below this, a gap in the capture ends

capture_options options_of(const live_settings& with) {
  capture_options out;
  out.hide_keys = with.hide_keys;
  const auto wanted = sizeof out.hash_key;
  if (getrandom(out.hash_key.data(), wanted, 0) != static_cast<ssize_t>(wanted)) {
    throw std::system_error{errno, std::generic_category(),
                            "cannot get a random key for the hashes"};
  }
  return out;
}

template <class Number>
void add(std::atomic<Number>& to, Number count) noexcept {
  to.store(to.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace

class live_capture::live_tap final : public tap, private conversation_listener {
 public:
  live_tap(live_capture& of, connection_opened opened)
      : of_{of},
        connection_{opened.connection},
        talk_{of.capture_, std::move(opened), of.barrier_ ? this : nullptr} {}

  void attached(reply_gate& gate) override {
    if (of_.barrier_) of_.gates_.emplace(connection_, &gate);
  }
  void passed(direction towards, std::string_view bytes) override {
    if (towards == direction::to_server) {
      talk_.client_sent(bytes, of_.now());
    } else if (!of_.barrier_) {
      talk_.server_sent(bytes, of_.now());
    }
  }
  // With a barrier, replies are read before they are passed on: `done` is the time of arrival.
  std::size_t let_through(std::string_view bytes) override {
    if (!of_.barrier_) return bytes.size();
    last_end_ = 0;
    held_from_ = bytes.size();
    talk_.server_sent(bytes, of_.now());
    return held_from_;
  }
  void ended(bool by_client) override {
    talk_.closed(of_.now(), by_client);
    if (!of_.barrier_) return;
    of_.barrier_->gone(connection_);
    of_.gates_.erase(connection_);
  }

 private:
  void reply_ended(const event& of, std::size_t upto) override {
    if (of_.barrier_->holds(of, of_.now())) held_from_ = std::min(held_from_, last_end_);
    last_end_ = upto;
  }

  live_capture& of_;
  std::uint64_t connection_;
  // Offsets in the current slice.
  std::size_t last_end_ = 0;   // the end of the last complete reply
  std::size_t held_from_ = 0;  // the beginning of the first delayed reply
  conversation talk_;
};

live_capture::live_capture(live_settings with, record_sink& to)
    : with_{std::move(with)}, to_{to}, over_{with_.room}, capture_{options_of(with_), *this} {
  if (with_.barrier) barrier_.emplace(*with_.barrier);
  if (with_.recording) recorder_.emplace(*with_.recording, with_.say);
}

live_capture::~live_capture() { stop(); }

result<void> live_capture::start() {
  if (recorder_) {
    if (auto opened = recorder_->open(); !opened) return opened.error();
  }
  capture_begun begun;
  begun.tool = with_.tool;
  begun.unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::system_clock::now().time_since_epoch() - now())
                      .count();
  begun.keys_hidden = with_.hide_keys;
  begun.active = with_.is_active;
  capture_.emit(std::move(begun));
  thread_ = std::thread{[this] { run(); }};
  return {};
}

void live_capture::stop() {
  if (!thread_.joinable()) return;
  say_what_is_missing();
  stopping_ = true;
  over_.wake();
  thread_.join();
  // The last record does not go through the queue.
  record last = capture_ended{now(), capture_.bytes()};
  look_at(last);
  is_recorded_ = !recorder_ || recorder_->finish();
}

moment live_capture::now() const noexcept {
  return std::chrono::duration_cast<moment>(std::chrono::steady_clock::now() - begun_);
}

live_counts live_capture::counts() const noexcept {
  return {events_.load(std::memory_order_relaxed), skipped_.load(std::memory_order_relaxed),
          lost_.load(std::memory_order_relaxed), one_in_.load(std::memory_order_relaxed)};
}

std::unique_ptr<tap> live_capture::opened(std::uint64_t connection, const peer& who) {
  finder_.ask(connection, who);
  connection_opened opened;
  opened.connection = connection;
  opened.at = now();
  return std::make_unique<live_tap>(*this, std::move(opened));
}

void live_capture::turn_ended() {
  if (barrier_) {
    for (auto& open : barrier_->openings(now())) {
      for (const auto connection : open.connections) {
        const auto gate = gates_.find(connection);
        if (gate != gates_.end()) gate->second->release();
      }
      tool_acted acted{tool_acted::action_kind::miss_barrier, std::move(open.key), open.from,
                       open.to};
      capture_.emit(std::move(acted));
    }
  }
  over_.given();
}

std::optional<std::chrono::milliseconds> live_capture::next_turn() {
  const auto at = barrier_ ? barrier_->next_opening() : std::nullopt;
  if (!at) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(*at - now(), moment{}));
}

void live_capture::take(record& one) {
  auto whole = std::make_unique<record>(std::move(one));
  take_owned(whole);
}

void live_capture::take_owned(std::unique_ptr<record>& one) {
  if (!std::holds_alternative<event>(*one)) {
    if (!over_.give(one)) add<std::uint64_t>(lost_, 1);
    return;
  }
  add<std::uint64_t>(events_, 1);
  const double fill = over_.fill();
  if (sample_.halve_if_due(fill, now())) {
    one_in_.store(sample_.one_in(), std::memory_order_relaxed);
    unsaid_sample_ = true;
  }
  if (unsaid_sample_ || (unsaid_lost_ > 0 && fill < calm_fill)) say_what_is_missing();
  if (!sample_.wants(std::get<event>(*one))) {
    add<std::uint64_t>(skipped_, 1);
  } else if (fill > events_fill_max || (unsaid_lost_ > 0 && fill >= calm_fill) ||
             !over_.give(one)) {
    // During a gap all events are dropped until there is room again. Single events would look like
    // a complete sequence.
    add<std::uint64_t>(lost_, 1);
    ++unsaid_lost_;
  }
}

void live_capture::say_what_is_missing() {
  if (!unsaid_sample_ && unsaid_lost_ == 0) return;
  sight_lost lost;
  lost.at = now();
  lost.one_in = sample_.one_in();
  lost.events = unsaid_lost_;
  lost.why = unsaid_lost_ > 0 ? "the auditor could not keep up and dropped events"
                              : "the auditor cannot keep up and examines fewer keys";
  auto one = std::make_unique<record>(std::move(lost));
  if (!over_.give(one)) return;
  unsaid_sample_ = false;
  unsaid_lost_ = 0;
}

void live_capture::tell(record one) {
  {
    const std::lock_guard lock{told_mutex_};
    told_.push_back(std::move(one));
  }
  over_.wake();
}

void live_capture::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (unsigned rests = 0;;) {
    const bool is_last = stopping_.load();
    const std::size_t count = pass_on();
    if (count >= taken_at_once) continue;
    if (count == 0 && is_last) return;
    rests = count == 0 ? rests + 1 : 0;
    if (rests == 1 && recorder_) recorder_->flush();
    if (rests < rests_max) {
      std::this_thread::sleep_for(short_rest);
    } else {
      over_.wait();
    }
  }
}

std::size_t live_capture::pass_on() {
  std::vector<record> told;
  {
    const std::lock_guard lock{told_mutex_};
    told.swap(told_);
  }
  // Records from `tell` are not older than the records in the queue.
  const std::size_t count = over_.take(taken_at_once, [this](record& one) { look_at(one); });
  for (record& one : told) look_at(one);
  for (auto& [connection, found] : finder_.late_answers()) {
    record known = connection_opened{connection, now(), found.pid, std::move(found.name)};
    hand_on(known);
  }
  return count + told.size();
}

void live_capture::look_at(record& one) {
  if (auto* opened = std::get_if<connection_opened>(&one)) {
    auto found = finder_.answer(opened->connection, process_wait);
    opened->pid = found.pid;
    opened->process = std::move(found.name);
  } else if (const auto* closed = std::get_if<connection_closed>(&one)) {
    finder_.forget(closed->connection);
  }
  hand_on(one);
}

void live_capture::hand_on(record& one) {
  if (recorder_) recorder_->write(one);
  to_.take(one);
}

}  // namespace drover::audit
