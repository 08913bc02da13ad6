// SPDX-License-Identifier: MIT
#include "simulate/board.hpp"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>

namespace drover::simulate {
namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<board_time>::is_always_lock_free);

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

}  // namespace

struct board::header {
  std::uint32_t processes = 0;
  std::uint32_t callers = 0;
  std::uint32_t query_places = 0;
  std::atomic<std::uint32_t> at{0};  // a stage, and the futex word for it
  std::atomic<board_time> release_at{0};
  counters count{};
  std::atomic<std::uint32_t> error_claimed{0};
  std::atomic<std::uint32_t> error_length{0};
  char error[512] = {};

  [[nodiscard]] std::size_t record_count() const {
    return std::size_t{processes} * std::size_t{callers};
  }
  [[nodiscard]] std::byte* behind() { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] caller_record* records() { return reinterpret_cast<caller_record*>(behind()); }
  [[nodiscard]] query_record* queries() {
    return reinterpret_cast<query_record*>(behind() + record_count() * sizeof(caller_record));
  }
};

board_time board_now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

board::board(unsigned processes, unsigned callers) {
  const std::size_t records = std::size_t{processes} * callers;
  const std::size_t places = 8 * records + 64;  // worse than one query a caller, and then some
  const std::size_t bytes =
      sizeof(header) + records * sizeof(caller_record) + places * sizeof(query_record);
  descriptor_ = ::memfd_create("drover-board", MFD_CLOEXEC);
  if (descriptor_ < 0) fail("memfd_create");
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) {
    ::close(descriptor_);
    fail("ftruncate");
  }
  map(bytes);
  ::new (header_) header;
  header_->processes = processes;
  header_->callers = callers;
  header_->query_places = static_cast<std::uint32_t>(places);
  std::uninitialized_value_construct_n(header_->records(), records);
  std::uninitialized_value_construct_n(header_->queries(), places);
}

board::board(int descriptor) : descriptor_{descriptor} {
  struct stat found {};
  if (::fstat(descriptor_, &found) != 0) fail("the board is not there");
  if (static_cast<std::size_t>(found.st_size) < sizeof(header)) {
    errno = EINVAL;
    fail("the board is too small");
  }
  map(static_cast<std::size_t>(found.st_size));
}

board::~board() {
  ::munmap(header_, bytes_);
  ::close(descriptor_);
}

void board::map(std::size_t bytes) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (at == MAP_FAILED) {
    ::close(descriptor_);
    fail("mmap");
  }
  header_ = static_cast<header*>(at);
  bytes_ = bytes;
}

unsigned board::callers() const noexcept { return header_->callers; }

std::span<caller_record> board::records() noexcept {
  return {header_->records(), header_->record_count()};
}

std::span<query_record> board::queries() noexcept {
  const std::uint32_t begun = header_->count.queries_begun.load();
  return {header_->queries(), std::min(begun, header_->query_places)};
}

std::size_t board::begin_query() noexcept {
  const std::uint32_t place = header_->count.queries_begun.fetch_add(1);
  if (place < header_->query_places) header_->queries()[place].begun.store(board_now());
  return place;
}

void board::end_query(std::size_t place) noexcept {
  if (place < header_->query_places) header_->queries()[place].ended.store(board_now());
  header_->count.queries_ended.fetch_add(1);
}

void board::enter(stage next) noexcept {
  header_->at.store(static_cast<std::uint32_t>(next));
  ::syscall(SYS_futex, &header_->at, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void board::release(board_time at) noexcept {
  header_->release_at.store(at);
  enter(stage::released);
}

board_time board::release_at() const noexcept { return header_->release_at.load(); }

void board::await(stage wanted) const noexcept {
  for (;;) {
    const std::uint32_t seen = header_->at.load();
    if (seen >= static_cast<std::uint32_t>(wanted)) return;
    ::syscall(SYS_futex, &header_->at, FUTEX_WAIT, seen, nullptr, nullptr, 0);
  }
}

void board::note_error(std::string_view text) noexcept {
  if (header_->error_claimed.exchange(1) != 0) return;
  const std::size_t length = std::min(text.size(), sizeof header_->error);
  std::memcpy(header_->error, text.data(), length);
  header_->error_length.store(static_cast<std::uint32_t>(length));
}

std::string board::error() const {
  return std::string{header_->error, header_->error_length.load()};
}

board::counters& board::count() noexcept { return header_->count; }

}  // namespace drover::simulate
