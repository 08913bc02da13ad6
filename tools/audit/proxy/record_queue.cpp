// SPDX-License-Identifier: MIT
#include "audit/proxy/record_queue.hpp"

#include <algorithm>
#include <utility>

namespace drover::audit {
namespace {

// A used record keeps its memory for the next event, unless it is larger than this.
constexpr std::size_t kept_weight_max = 4096;

}  // namespace

std::size_t weight(const record& of) noexcept {
  if (const auto* one = std::get_if<event>(&of)) {
    std::size_t out = one->command.size() + one->script.size() + one->answer.word.size() +
                      one->arguments.size() * sizeof(field) +
                      one->answer.items.size() * sizeof(reply_item);
    for (const field& argument : one->arguments) out += argument.text.size();
    for (const reply_item& item : one->answer.items) out += item.word.size();
    return out;
  }
  if (const auto* one = std::get_if<push_received>(&of)) {
    std::size_t out = one->names.size() * sizeof(std::string);
    for (const std::string& name : one->names) out += name.size();
    return out;
  }
  return 0;
}

record_queue::record_queue(bounds within)
    : within_{within}, waiting_{within.records_max}, spent_{within.records_max} {
  free_.reserve(within.records_max);
}

record_queue::~record_queue() {
  for (weighed each; waiting_.pop(each);) delete each.one;
  for (record* each = nullptr; spent_.pop(each);) delete each;
}

bool record_queue::give(std::unique_ptr<record>& one) {
  const std::size_t bytes = weight(*one);
  if (bytes_given_ - bytes_taken_.load(std::memory_order_relaxed) + bytes > within_.bytes_max) {
    return false;
  }
  std::unique_ptr<record> spent = spent_record();
  if (!spent) return false;
  const bool pushed = waiting_.push({one.release(), bytes});
  DROVER_ASSERT(pushed);
  static_cast<void>(pushed);
  one = std::move(spent);
  ++given_;
  bytes_given_ += bytes;
  return true;
}

std::unique_ptr<record> record_queue::spent_record() {
  if (free_.empty()) {
    for (record* one = nullptr; spent_.pop(one);) free_.emplace_back(one);
  }
  if (free_.empty()) {
    if (made_ == within_.records_max) return nullptr;
    ++made_;
    return std::make_unique<record>();
  }
  std::unique_ptr<record> out = std::move(free_.back());
  free_.pop_back();
  return out;
}

void record_queue::given() noexcept {
  if (given_ == std::exchange(known_given_, given_)) return;
  // Either the producer sees that the consumer sleeps, or the consumer sees the new records before
  // it sleeps. The fence in `wait` is the counterpart.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_relaxed) == 0) return;
  sleeping_.store(0, std::memory_order_release);
  sleeping_.notify_one();
}

double record_queue::fill() const noexcept {
  const auto records = given_ - taken_.load(std::memory_order_relaxed);
  const auto bytes = bytes_given_ - bytes_taken_.load(std::memory_order_relaxed);
  return std::max(static_cast<double>(records) / static_cast<double>(within_.records_max),
                  static_cast<double>(bytes) / static_cast<double>(within_.bytes_max));
}

std::size_t record_queue::take(std::size_t count_max, const std::function<void(record&)>& each) {
  std::size_t count = 0;
  for (weighed next; count < count_max && waiting_.pop(next); ++count) {
    each(*next.one);
    if (next.bytes > kept_weight_max) *next.one = record{};
    const bool pushed = spent_.push(next.one);
    DROVER_ASSERT(pushed);
    static_cast<void>(pushed);
    taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    bytes_taken_.store(bytes_taken_.load(std::memory_order_relaxed) + next.bytes,
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
