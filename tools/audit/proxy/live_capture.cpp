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

constexpr std::size_t records_per_batch = 1024;
constexpr auto poll_interval = 1ms;       // between polls of the queue while there is traffic
constexpr unsigned idle_polls_max = 100;  // polls without traffic before the thread sleeps
constexpr auto process_wait = 2s;         // for the name of the process that connected
constexpr double events_fill_max = 0.95;  // the rest of the queue is for records other than events
constexpr double calm_fill = 0.5;         // below this, a gap in the capture ends

capture_options options_of(const live_settings& settings) {
  capture_options out;
  out.hide_keys = settings.hide_keys;
  const auto key_size = sizeof out.hash_key;
  if (getrandom(out.hash_key.data(), key_size, 0) != static_cast<ssize_t>(key_size)) {
    throw std::system_error{errno, std::generic_category(),
                            "cannot get a random key for the hashes"};
  }
  return out;
}

template <class Number>
void add(std::atomic<Number>& counter, Number count) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace

class live_capture::live_tap final : public tap, private conversation_listener {
 public:
  live_tap(live_capture& owner, connection_opened opened)
      : owner_{owner},
        connection_{opened.connection},
        conversation_{owner.capture_, std::move(opened), owner.barrier_ ? this : nullptr} {}

  void attached(reply_gate& gate) override {
    if (owner_.barrier_) owner_.gates_.emplace(connection_, &gate);
  }
  void passed(direction towards, std::string_view bytes) override {
    if (towards == direction::to_server) {
      conversation_.client_sent(bytes, owner_.now());
    } else if (!owner_.barrier_) {
      conversation_.server_sent(bytes, owner_.now());
    }
  }
  // With a barrier, replies are read before they are passed on: `done` is the time of arrival.
  std::size_t let_through(std::string_view bytes) override {
    if (!owner_.barrier_) return bytes.size();
    last_end_ = 0;
    held_from_ = bytes.size();
    conversation_.server_sent(bytes, owner_.now());
    return held_from_;
  }
  void ended(bool by_client) override {
    conversation_.closed(owner_.now(), by_client);
    if (!owner_.barrier_) return;
    owner_.barrier_->forget(connection_);
    owner_.gates_.erase(connection_);
  }

 private:
  void reply_ended(const event& command, std::size_t upto) override {
    if (owner_.barrier_->holds(command, owner_.now())) held_from_ = std::min(held_from_, last_end_);
    last_end_ = upto;
  }

  live_capture& owner_;
  std::uint64_t connection_;
  // Offsets in the current slice.
  std::size_t last_end_ = 0;   // the end of the last complete reply
  std::size_t held_from_ = 0;  // the beginning of the first delayed reply
  conversation conversation_;
};

live_capture::live_capture(live_settings settings, record_sink& sink)
    : settings_{std::move(settings)},
      sink_{sink},
      queue_{settings_.room},
      capture_{options_of(settings_), *this},
      sample_{settings_.keys_per_million, settings_.hide_keys},
      keys_per_million_{settings_.keys_per_million} {
  if (settings_.barrier) barrier_.emplace(*settings_.barrier);
  if (settings_.recording) recorder_.emplace(*settings_.recording, settings_.say);
}

live_capture::~live_capture() { stop(); }

result<void> live_capture::start() {
  if (recorder_) {
    if (auto opened = recorder_->open(); !opened) return opened.error();
  }
  unix_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(
                 std::chrono::system_clock::now().time_since_epoch() - now())
                 .count();
  capture_.emit(beginning());
  thread_ = std::thread{[this] { run(); }};
  return {};
}

capture_begun live_capture::beginning() const {
  capture_begun begun;
  begun.tool = settings_.tool;
  begun.unix_ms =
      unix_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(window_from_).count();
  begun.keys_hidden = settings_.hide_keys;
  begun.active = settings_.is_active;
  begun.keys_per_million = settings_.keys_per_million;
  return begun;
}

/// Both records go through the queue, so that the window ends between two events for the sink, too.
void live_capture::end_window_if_due() {
  if (!settings_.window || now() - window_from_ < *settings_.window) return;
  if (queue_.fill() > events_fill_max) return;  // one of the two records could be lost
  report_gap();
  const std::uint64_t events = counts().events;
  capture_.emit(capture_ended{now(), capture_.bytes() - bytes_before_, events - events_before_});
  // Whole milliseconds, because the sink derives the beginning of the window from `unix_ms`.
  window_from_ = std::chrono::duration_cast<std::chrono::milliseconds>(now());
  bytes_before_ = capture_.bytes();
  events_before_ = events;
  sample_ = key_sample{settings_.keys_per_million, settings_.hide_keys};
  keys_per_million_.store(settings_.keys_per_million, std::memory_order_relaxed);
  capture_.emit(beginning());
}

void live_capture::stop() {
  if (!thread_.joinable()) return;
  report_gap();
  stopping_ = true;
  queue_.wake();
  thread_.join();
  // The last record does not go through the queue.
  record last =
      capture_ended{now(), capture_.bytes() - bytes_before_, counts().events - events_before_};
  process_record(last);
  is_recorded_ = !recorder_ || recorder_->finish();
}

moment live_capture::now() const noexcept {
  return std::chrono::duration_cast<moment>(std::chrono::steady_clock::now() - begun_);
}

live_counts live_capture::counts() const noexcept {
  return {events_.load(std::memory_order_relaxed), skipped_.load(std::memory_order_relaxed),
          lost_.load(std::memory_order_relaxed), keys_per_million_.load(std::memory_order_relaxed)};
}

std::unique_ptr<tap> live_capture::opened(std::uint64_t connection, const peer& client) {
  finder_.start_search(connection, client);
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
  end_window_if_due();
  queue_.notify_consumer();
}

std::optional<std::chrono::milliseconds> live_capture::next_turn() {
  auto at = barrier_ ? barrier_->next_opening() : std::nullopt;
  if (settings_.window) {
    // If the window cannot end yet, the next attempt is a little later.
    const moment end = std::max(moment{window_from_ + *settings_.window}, now() + moment{10ms});
    at = at ? std::min(*at, end) : end;
  }
  if (!at) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(*at - now(), moment{}));
}

void live_capture::take(record& item) {
  auto owned = std::make_unique<record>(std::move(item));
  take_owned(owned);
}

void live_capture::take_owned(std::unique_ptr<record>& item) {
  if (!std::holds_alternative<event>(*item)) {
    if (!queue_.push(item)) add<std::uint64_t>(lost_, 1);
    return;
  }
  add<std::uint64_t>(events_, 1);
  const double fill = queue_.fill();
  if (sample_.halve_if_due(fill, now())) {
    keys_per_million_.store(sample_.keys_per_million(), std::memory_order_relaxed);
    has_unreported_sample_ = true;
  }
  if (has_unreported_sample_ || (unreported_lost_ > 0 && fill < calm_fill)) report_gap();
  if (!sample_.includes(std::get<event>(*item))) {
    add<std::uint64_t>(skipped_, 1);
  } else if (fill > events_fill_max || (unreported_lost_ > 0 && fill >= calm_fill) ||
             !queue_.push(item)) {
    // During a gap all events are dropped until there is room again. Single events would look like
    // a complete sequence.
    add<std::uint64_t>(lost_, 1);
    ++unreported_lost_;
  }
}

void live_capture::report_gap() {
  if (!has_unreported_sample_ && unreported_lost_ == 0) return;
  sight_lost lost;
  lost.at = now();
  lost.keys_per_million = sample_.keys_per_million();
  lost.events = unreported_lost_;
  lost.why = unreported_lost_ > 0 ? "the auditor could not keep up and dropped events"
                                  : "the auditor cannot keep up and examines fewer keys";
  auto item = std::make_unique<record>(std::move(lost));
  if (!queue_.push(item)) return;
  has_unreported_sample_ = false;
  unreported_lost_ = 0;
}

void live_capture::add_record(record item) {
  {
    const std::lock_guard lock{added_mutex_};
    added_.push_back(std::move(item));
  }
  queue_.wake();
}

void live_capture::add_fault(fault_injected fault) {
  {
    const std::lock_guard lock{added_mutex_};
    faults_.push_back(std::move(fault));
    has_faults_.store(true);
  }
  queue_.wake();
}

void live_capture::process_faults() {
  if (!has_faults_.load()) return;
  std::vector<record> faults;
  {
    const std::lock_guard lock{added_mutex_};
    faults.swap(faults_);
    has_faults_.store(false);
  }
  for (record& fault : faults) process_record(fault);
}

void live_capture::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (unsigned idle_polls = 0;;) {
    const bool is_last = stopping_.load();
    const std::size_t count = process_batch();
    if (count >= records_per_batch) continue;
    if (count == 0 && is_last) return;
    idle_polls = count == 0 ? idle_polls + 1 : 0;
    if (idle_polls == 1 && recorder_) recorder_->flush();
    if (idle_polls < idle_polls_max) {
      std::this_thread::sleep_for(poll_interval);
    } else {
      queue_.wait();
    }
  }
}

std::size_t live_capture::process_batch() {
  std::vector<record> added;
  {
    const std::lock_guard lock{added_mutex_};
    added.swap(added_);
  }
  // Records from `add_record` are not older than the records in the queue.
  const std::size_t count = queue_.pop(records_per_batch, [this](record& item) {
    // The record `capture_begun` is the first.
    if (!std::holds_alternative<capture_begun>(item)) process_faults();
    process_record(item);
  });
  process_faults();
  for (record& item : added) process_record(item);
  for (auto& [connection, process] : finder_.late_results()) {
    record known = connection_opened{connection, now(), process.pid, std::move(process.name)};
    deliver(known);
  }
  return count + added.size();
}

void live_capture::process_record(record& item) {
  if (auto* opened = std::get_if<connection_opened>(&item)) {
    auto process = finder_.wait_for(opened->connection, process_wait);
    opened->pid = process.pid;
    opened->process = std::move(process.name);
  } else if (const auto* closed = std::get_if<connection_closed>(&item)) {
    finder_.forget(closed->connection);
  }
  deliver(item);
}

void live_capture::deliver(record& item) {
  if (recorder_) recorder_->write(item);
  sink_.take(item);
}

}  // namespace drover::audit
