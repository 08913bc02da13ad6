// SPDX-License-Identifier: MIT
#include "simulate/herd/shared_run_state.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <optional>
#include <system_error>

#include "futex/futex.hpp"

namespace drover::simulate {
namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<monotonic_ns>::is_always_lock_free);

/// How often a query that waits at the gate checks whether the run is over.
constexpr long gate_look_ns = 20'000'000;

[[noreturn]] void fail(const char* operation) {
  throw std::system_error{errno, std::generic_category(), operation};
}

}  // namespace

struct shared_run_state::header {
  run_state_size size;
  std::uint32_t capacity = 0;        // 0: no gate
  std::atomic<std::uint32_t> at{0};  // the current stage, and its futex word
  std::atomic<monotonic_ns> release_at{0};
  counters count{};
  controls control{};
  sem_t gate{};
  std::atomic<std::uint32_t> error_claimed{0};
  std::atomic<std::uint32_t> error_length{0};
  char error[512] = {};

  // The logs follow the header. They must start as zeros, which is how the kernel provides the
  // memory. The kernel allocates only the pages that are used.
  [[nodiscard]] std::byte* logs() { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] std::atomic<std::uint64_t>* versions() {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(logs());
  }
  [[nodiscard]] query_entry* queries() {
    return reinterpret_cast<query_entry*>(versions() + size.keys);
  }
  [[nodiscard]] call_entry* calls() {
    return reinterpret_cast<call_entry*>(queries() + size.query_places);
  }
  [[nodiscard]] std::atomic<monotonic_ns>* refusals() {
    return reinterpret_cast<std::atomic<monotonic_ns>*>(calls() + size.call_places);
  }
  [[nodiscard]] marker_entry* markers() {
    return reinterpret_cast<marker_entry*>(refusals() + size.refusal_places);
  }
  [[nodiscard]] static std::size_t bytes(const run_state_size& sizes) {
    return sizeof(header) + sizes.keys * sizeof(std::atomic<std::uint64_t>) +
           sizes.query_places * sizeof(query_entry) + sizes.call_places * sizeof(call_entry) +
           sizes.refusal_places * sizeof(std::atomic<monotonic_ns>) +
           sizes.marker_places * sizeof(marker_entry);
  }
};

monotonic_ns monotonic_now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

shared_run_state::shared_run_state(const run_state_size& size, std::uint32_t capacity) {
  const std::size_t bytes = header::bytes(size);
  descriptor_ = ::memfd_create("drover-run-state", MFD_CLOEXEC);
  if (descriptor_ < 0) fail("memfd_create");
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) {
    ::close(descriptor_);
    fail("ftruncate");
  }
  map(bytes);
  ::new (header_) header;
  header_->size = size;
  header_->capacity = capacity;
  ::sem_init(&header_->gate, 1, capacity);
}

shared_run_state::shared_run_state(int descriptor) : descriptor_{descriptor} {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail("the shared run state is missing");
  if (static_cast<std::size_t>(status.st_size) < sizeof(header)) {
    errno = EINVAL;
    fail("the shared run state is too small");
  }
  map(static_cast<std::size_t>(status.st_size));
}

shared_run_state::~shared_run_state() {
  ::munmap(header_, bytes_);
  ::close(descriptor_);
}

void shared_run_state::map(std::size_t bytes) {
  void* const at =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor_, 0);
  if (at == MAP_FAILED) {
    ::close(descriptor_);
    fail("mmap");
  }
  header_ = static_cast<header*>(at);
  bytes_ = bytes;
}

std::span<shared_run_state::query_entry> shared_run_state::queries() noexcept {
  return {header_->queries(),
          std::min(header_->count.queries_begun.load(), header_->size.query_places)};
}

std::span<shared_run_state::call_entry> shared_run_state::calls() noexcept {
  return {header_->calls(), std::min(header_->count.calls_begun.load(), header_->size.call_places)};
}

shared_run_state::counters& shared_run_state::count() noexcept { return header_->count; }
shared_run_state::controls& shared_run_state::control() noexcept { return header_->control; }

std::span<std::atomic<std::uint64_t>> shared_run_state::versions() noexcept {
  return {header_->versions(), header_->size.keys};
}

void shared_run_state::refuse(monotonic_ns at) noexcept {
  const std::uint32_t place = header_->count.refused.fetch_add(1);
  if (place < header_->size.refusal_places) header_->refusals()[place] = at;
}

std::span<const std::atomic<monotonic_ns>> shared_run_state::refusals() const noexcept {
  return {header_->refusals(),
          std::min(header_->count.refused.load(), header_->size.refusal_places)};
}

std::size_t shared_run_state::begin_query(std::uint32_t key, std::uint32_t process) noexcept {
  const std::uint32_t place = header_->count.queries_begun.fetch_add(1);
  if (place < header_->size.query_places) {
    query_entry& entry = header_->queries()[place];
    entry.key = key;
    entry.process = process;
    entry.begun.store(monotonic_now());
  }
  return place;
}

void shared_run_state::end_query(std::size_t place) noexcept {
  if (place < header_->size.query_places) header_->queries()[place].ended.store(monotonic_now());
  header_->count.queries_ended.fetch_add(1);
}

shared_run_state::call_entry* shared_run_state::begin_call(monotonic_ns at, std::uint32_t key,
                                                           std::uint32_t process) noexcept {
  const std::uint32_t place = header_->count.calls_begun.fetch_add(1);
  if (place >= header_->size.call_places) return nullptr;
  call_entry* const entry = header_->calls() + place;
  entry->key = key;
  entry->process = static_cast<std::uint16_t>(process);
  entry->begun.store(at);
  return entry;
}

void shared_run_state::end_call(call_entry* place, monotonic_ns at, answer outcome, bool is_stale,
                                std::int64_t age) noexcept {
  if (place != nullptr) {
    place->outcome = outcome;
    place->is_stale = is_stale;
    place->age = age;
    place->ended.store(at);
  }
  header_->count.calls_ended.fetch_add(1);
}

void shared_run_state::note_marker(monotonic_ns at, marker_kind kind) noexcept {
  const std::uint32_t place = header_->count.markers.fetch_add(1);
  if (place >= header_->size.marker_places) return;
  header_->markers()[place].kind = kind;
  header_->markers()[place].at.store(at);
}

std::span<const shared_run_state::marker_entry> shared_run_state::markers() const noexcept {
  return {header_->markers(), std::min(header_->count.markers.load(), header_->size.marker_places)};
}

void shared_run_state::enter(stage next) noexcept {
  header_->at.store(static_cast<std::uint32_t>(next));
  futex::wake(&header_->at, futex::every_waiter, futex::every_group, futex::sharing::memory);
}

void shared_run_state::release(monotonic_ns at) noexcept {
  header_->release_at.store(at);
  enter(stage::released);
}

monotonic_ns shared_run_state::release_at() const noexcept { return header_->release_at.load(); }

stage shared_run_state::now() const noexcept { return static_cast<stage>(header_->at.load()); }

void shared_run_state::await(stage awaited) const noexcept {
  for (;;) {
    const std::uint32_t current = header_->at.load();
    if (current >= static_cast<std::uint32_t>(awaited)) return;
    futex::wait(header_->at, current, std::nullopt, futex::every_group, futex::sharing::memory);
  }
}

bool shared_run_state::pass_gate() noexcept {
  if (header_->capacity == 0) return true;
  for (;;) {
    if (::sem_trywait(&header_->gate) == 0) return true;
    const monotonic_ns end = header_->control.end_at.load();
    if (end != 0 && monotonic_now() >= end) return false;
    timespec until{};
    ::clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += gate_look_ns;
    if (until.tv_nsec >= 1'000'000'000) {
      until.tv_nsec -= 1'000'000'000;
      ++until.tv_sec;
    }
    if (::sem_clockwait(&header_->gate, CLOCK_MONOTONIC, &until) == 0) return true;
  }
}

void shared_run_state::leave_gate() noexcept {
  if (header_->capacity != 0) ::sem_post(&header_->gate);
}

void shared_run_state::note_error(std::string_view text) noexcept {
  if (header_->error_claimed.exchange(1) != 0) return;
  const std::size_t length = std::min(text.size(), sizeof header_->error);
  std::memcpy(header_->error, text.data(), length);
  header_->error_length.store(static_cast<std::uint32_t>(length));
}

std::string shared_run_state::error() const {
  return std::string{header_->error, header_->error_length.load()};
}

}  // namespace drover::simulate
