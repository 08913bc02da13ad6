// SPDX-License-Identifier: MIT
#include "support/shared_origin.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <thread>

namespace drover::test {

using namespace std::chrono_literals;
using steady_clock = std::chrono::steady_clock;

struct shared_origin::row {
  std::atomic<std::uint64_t> version;
  std::atomic<std::uint64_t> loads;
  std::atomic<std::uint64_t> held_up_to;
  std::atomic<unsigned> running;
  std::atomic<unsigned> running_max;
  std::atomic<pid_t> last_loader;
  std::atomic<bool> failing;
  std::atomic<bool> absent;
};

struct shared_origin::table {
  static constexpr std::size_t rows = 8192;

  std::atomic<std::int64_t> load_ms;
  std::atomic<bool> busy;
  std::atomic<std::uint64_t> loads;
  std::atomic<unsigned> running;
  std::atomic<unsigned> running_max;
  std::array<row, rows> rows_by_hash;
};

namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

constexpr auto hold_max = 60s;

[[noreturn]] void fail_with_errno(const char* call) {
  throw std::system_error{errno, std::generic_category(), call};
}

void raise(std::atomic<unsigned>& most, unsigned to) {
  unsigned previous = most.load();
  while (previous < to && !most.compare_exchange_weak(previous, to)) {
  }
}

/// Increments the counter while it lives.
class counted {
 public:
  counted(std::atomic<unsigned>& now, std::atomic<unsigned>& most) : now_{now} {
    raise(most, ++now_);
  }
  ~counted() { --now_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

 private:
  std::atomic<unsigned>& now_;
};

}  // namespace

shared_origin::shared_origin() : is_owner_{true} {
  path_ = (std::filesystem::temp_directory_path() / "drover-origin-XXXXXX").string();
  const int descriptor = ::mkostemp(path_.data(), O_CLOEXEC);
  if (descriptor < 0) fail_with_errno("mkostemp");
  if (::ftruncate(descriptor, sizeof(table)) != 0) fail_with_errno("ftruncate");
  map(descriptor);
}

shared_origin::shared_origin(const std::string& path) : path_{path} {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) fail_with_errno("open");
  map(descriptor);
}

shared_origin::~shared_origin() {
  ::munmap(table_, sizeof(table));
  if (is_owner_) ::unlink(path_.c_str());
}

// A file of zeros is an empty table, because all members are integers.
void shared_origin::map(int descriptor) {
  void* const at =
      ::mmap(nullptr, sizeof(table), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (at == MAP_FAILED) fail_with_errno("mmap");
  table_ = static_cast<table*>(at);
}

shared_origin::row& shared_origin::at(std::string_view key) const {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a: the same in every process
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return table_->rows_by_hash[(hash ^ (hash >> 32U)) % table::rows];
}

std::optional<std::string> shared_origin::load(std::string_view key) {
  row& entry = at(key);
  // The row is read before the load is counted, because a test that sees the count may change the
  // row, or ask for the process, at once.
  entry.last_loader = ::getpid();
  const std::uint64_t version = entry.version;
  const bool failing = entry.failing;
  const bool absent = entry.absent;
  const std::uint64_t number = ++entry.loads;
  ++table_->loads;
  const counted key_count{entry.running, entry.running_max};
  const counted total_count{table_->running, table_->running_max};
  take_time(entry, number);
  if (failing) throw origin_failure{"no answer for " + std::string{key}};
  if (absent) return std::nullopt;
  return text_of(key, version);
}

void shared_origin::take_time(const row& entry, std::uint64_t number) const {
  const auto began = steady_clock::now();
  const auto end = began + std::chrono::milliseconds{table_->load_ms};
  if (table_->busy) {
    while (steady_clock::now() < end) {
    }
  } else {
    std::this_thread::sleep_until(end);
  }
  while (number <= entry.held_up_to) {
    if (steady_clock::now() - began > hold_max)
      throw std::logic_error{"a load was held for too long"};
    std::this_thread::sleep_for(1ms);
  }
}

std::uint64_t shared_origin::write(std::string_view key) { return ++at(key).version; }

std::string shared_origin::text_of(std::string_view key, std::uint64_t version) {
  return std::to_string(version) + ":" + std::string{key};
}

std::optional<std::uint64_t> shared_origin::version_in(std::string_view text,
                                                       std::string_view key) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.starts_with(':') || text.substr(1) != key) return std::nullopt;
  return version;
}

void shared_origin::set_load_time(std::chrono::milliseconds time) {
  table_->load_ms = time.count();
}
void shared_origin::set_busy(bool is) { table_->busy = is; }
void shared_origin::hold(std::string_view key, std::uint64_t last) { at(key).held_up_to = last; }
void shared_origin::let_go(std::string_view key) { at(key).held_up_to = 0; }
void shared_origin::let_all_go() {
  for (row& entry : table_->rows_by_hash) entry.held_up_to = 0;
}
void shared_origin::set_failing(std::string_view key, bool is) { at(key).failing = is; }
void shared_origin::set_absent(std::string_view key, bool is) { at(key).absent = is; }

std::uint64_t shared_origin::version(std::string_view key) const { return at(key).version; }
std::uint64_t shared_origin::loads(std::string_view key) const { return at(key).loads; }
std::uint64_t shared_origin::loads() const { return table_->loads; }
unsigned shared_origin::running(std::string_view key) const { return at(key).running; }
unsigned shared_origin::running() const { return table_->running; }
unsigned shared_origin::running_max(std::string_view key) const { return at(key).running_max; }
unsigned shared_origin::running_max() const { return table_->running_max; }
pid_t shared_origin::last_loader(std::string_view key) const { return at(key).last_loader; }

}  // namespace drover::test
