// SPDX-License-Identifier: MIT
#include "audit/proxy/record_queue.hpp"

#include <algorithm>
#include <utility>

namespace drover::audit {
namespace {

// A used record keeps its memory for the next event, unless it is larger than this.
constexpr std::size_t kept_weight_max = 4096;

}  // namespace

std::size_t weight(const record& item) noexcept {
  if (const auto* command = std::get_if<event>(&item)) {
    std::size_t out = command->command.size() + command->script.size() +
                      command->answer.word.size() + command->arguments.size() * sizeof(field) +
                      command->answer.items.size() * sizeof(reply_item);
    for (const field& argument : command->arguments) out += argument.text.size();
    for (const reply_item& element : command->answer.items) out += element.word.size();
    return out;
  }
  if (const auto* message = std::get_if<push_received>(&item)) {
    std::size_t out = message->names.size() * sizeof(std::string);
    for (const std::string& name : message->names) out += name.size();
    return out;
  }
  return 0;
}

record_queue::record_queue(bounds limits)
    : limits_{limits}, waiting_{limits.records_max}, spent_{limits.records_max} {
  free_.reserve(limits.records_max);
}

record_queue::~record_queue() {
  for (weighted_record left; waiting_.pop(left);) delete left.item;
  for (record* left = nullptr; spent_.pop(left);) delete left;
}

bool record_queue::push(std::unique_ptr<record>& item) {
  const std::size_t bytes = weight(*item);
  if (bytes_pushed_ - bytes_popped_.load(std::memory_order_relaxed) + bytes > limits_.bytes_max) {
    return false;
  }
  std::unique_ptr<record> spent = spent_record();
  if (!spent) return false;
  const bool pushed = waiting_.push({item.release(), bytes});
  DROVER_ASSERT(pushed);
  static_cast<void>(pushed);
  item = std::move(spent);
  ++pushed_;
  bytes_pushed_ += bytes;
  return true;
}

std::unique_ptr<record> record_queue::spent_record() {
  if (free_.empty()) {
    for (record* item = nullptr; spent_.pop(item);) free_.emplace_back(item);
  }
  if (free_.empty()) {
    if (created_ == limits_.records_max) return nullptr;
    ++created_;
    return std::make_unique<record>();
  }
  std::unique_ptr<record> out = std::move(free_.back());
  free_.pop_back();
  return out;
}

void record_queue::notify_consumer() noexcept {
  if (pushed_ == std::exchange(notified_, pushed_)) return;
  // Either the producer sees that the consumer sleeps, or the consumer sees the new records before
  // it sleeps. The fence in `wait` is the counterpart.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_relaxed) == 0) return;
  sleeping_.store(0, std::memory_order_release);
  sleeping_.notify_one();
}

double record_queue::fill() const noexcept {
  const auto records = pushed_ - popped_.load(std::memory_order_relaxed);
  const auto bytes = bytes_pushed_ - bytes_popped_.load(std::memory_order_relaxed);
  return std::max(static_cast<double>(records) / static_cast<double>(limits_.records_max),
                  static_cast<double>(bytes) / static_cast<double>(limits_.bytes_max));
}

std::size_t record_queue::pop(std::size_t count_max, const std::function<void(record&)>& handle) {
  std::size_t count = 0;
  for (weighted_record next; count < count_max && waiting_.pop(next); ++count) {
    handle(*next.item);
    if (next.bytes > kept_weight_max) *next.item = record{};
    const bool pushed = spent_.push(next.item);
    DROVER_ASSERT(pushed);
    static_cast<void>(pushed);
    popped_.store(popped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    bytes_popped_.store(bytes_popped_.load(std::memory_order_relaxed) + next.bytes,
                        std::memory_order_relaxed);
  }
  return count;
}

void record_queue::wait() noexcept {
  sleeping_.store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (waiting_.is_empty() && !woken_.load(std::memory_order_acquire)) {
    sleeping_.wait(1, std::memory_order_acquire);
  }
  sleeping_.store(0, std::memory_order_relaxed);
  woken_.store(false, std::memory_order_relaxed);
}

void record_queue::wake() noexcept {
  woken_.store(true, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  sleeping_.store(0, std::memory_order_release);
  sleeping_.notify_one();
}

}  // namespace drover::audit
