// SPDX-License-Identifier: MIT
#include "support/history.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

namespace drover::test {

namespace {

constexpr std::size_t operations_per_thread = 40'000;

// On a busy machine it takes longer until the run has enough changes.
constexpr unsigned changes_min = 10;  // changes of each thread
constexpr auto longest = std::chrono::seconds{40};

std::uint64_t now_ns() { return history_now_ns(); }

std::string key_of(std::uint32_t number) { return "key" + std::to_string(number); }

/// A mapped file, whose contents survive when the process is killed.
class history_file {
 public:
  history_file(const std::string& path, unsigned threads)
      : size_{threads * operations_per_thread * sizeof(operation)} {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 || ::ftruncate(descriptor, static_cast<off_t>(size_)) != 0) {
      throw std::system_error{errno, std::generic_category(), path};
    }
    at_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
    if (at_ == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "mmap"};
  }
  ~history_file() { ::munmap(at_, size_); }
  history_file(const history_file&) = delete;
  history_file& operator=(const history_file&) = delete;

  [[nodiscard]] operation* of_thread(unsigned number) const {
    return static_cast<operation*>(at_) + number * operations_per_thread;
  }

 private:
  std::size_t size_;
  void* at_ = nullptr;
};

class recorder {
 public:
  explicit recorder(operation* at) : at_{at} {}
  [[nodiscard]] bool is_full() const { return used_ + 4 > operations_per_thread; }

  void add(operation recorded) {
    const operation::action done = std::exchange(recorded.done, operation::action::nothing);
    recorded.ended_ns = now_ns();
    operation& slot = at_[used_++];
    slot = recorded;
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the process may be killed in between
    slot.done = done;
  }

 private:
  operation* at_;
  std::size_t used_ = 0;
};

void get_one(cached_origin& cached, recorder& into, std::uint32_t key) {
  operation done{.began_ns = now_ns(), .key = key, .done = operation::action::get};
  const answer got = cached.ask(key_of(key));
  if (got.thrown) {
    done.note = operation::remark::failed;
  } else if (const auto version = shared_origin::version_in(got.value, key_of(key))) {
    done.version = static_cast<std::uint32_t>(*version);
    if (got.how == "stale") done.note = operation::remark::stale;
    if (got.how == "bypassed") done.note = operation::remark::bypassed;
  } else {
    done.note = operation::remark::mixed_up;
  }
  into.add(done);
}

void change_one(cached_origin& cached, shared_origin& origin, recorder& into, std::uint32_t key) {
  operation done{.began_ns = now_ns(), .key = key, .done = operation::action::write};
  done.version = static_cast<std::uint32_t>(origin.write(key_of(key)));
  into.add(done);
  done.began_ns = now_ns();
  done.done = operation::action::invalidate;
  if (!cached.values.invalidate(key_of(key))) done.note = operation::remark::failed;
  into.add(done);
}

void mix_in_one_thread(cached_origin& cached, shared_origin& origin, const mixture& plan,
                       unsigned number, recorder into) {
  std::mt19937_64 random{plan.seed * 1000 + number};
  const auto draw = [&](std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random);
  };
  const auto begun = std::chrono::steady_clock::now();
  unsigned changes = 0;
  const auto goes_on = [&] {
    const auto since = std::chrono::steady_clock::now() - begun;
    if (since < std::chrono::milliseconds{plan.run_ms}) return true;
    const cache_stats stats = cached.values.stats();
    const bool has_shown = changes >= changes_min && stats.fills_refused + stats.leases_lost > 0;
    return !has_shown && since < longest;
  };
  while (goes_on() && !into.is_full()) {
    const std::uint32_t key = draw(plan.keys);
    if (draw(100) < 2) {
      change_one(cached, origin, into, key);
      ++changes;
      get_one(cached, into, key);
    } else {
      get_one(cached, into, key);
    }
    if (draw(4) == 0) std::this_thread::sleep_for(std::chrono::microseconds{draw(1000)});
  }
}

struct labelled {
  operation done;
  std::size_t process = 0;
};

/// Checks the operations on one key.
class key_check {
 public:
  key_check(verdict& into, std::size_t processes, lost_time lost)
      : into_{into}, lost_{lost}, floor_of_(processes) {}

  void run(std::vector<labelled>& all) {
    for (const labelled& checked : all) {
      if (checked.done.done == operation::action::write)
        written_[checked.done.version] = checked.done.began_ns;
    }
    // An invalidation counts from its end, and a get from its beginning, so that no violation is
    // reported wrongly.
    std::sort(all.begin(), all.end(), [](const labelled& a, const labelled& b) {
      return moment_of(a.done) < moment_of(b.done);
    });
    for (const labelled& checked : all) {
      if (checked.done.done == operation::action::invalidate) invalidated(checked);
      if (checked.done.done == operation::action::get) got(checked);
    }
  }

 private:
  static std::uint64_t moment_of(const operation& done) {
    return done.done == operation::action::invalidate ? done.ended_ns : done.began_ns;
  }

  void invalidated(const labelled& checked) {
    if (checked.done.note != operation::remark::none) {
      ++into_.unknown;
      return;
    }
    ++into_.invalidations;
    if (get_end_ > checked.done.ended_ns) ++into_.overlaps;
    floor_ = std::max(floor_, checked.done.version);
    if (!is_lost(checked.done.ended_ns)) kept_floor_ = std::max(kept_floor_, checked.done.version);
    floor_of_[checked.process] = std::max(floor_of_[checked.process], checked.done.version);
  }

  void got(const labelled& checked) {
    ++into_.gets;
    get_end_ = std::max(get_end_, checked.done.ended_ns);
    switch (checked.done.note) {
      case operation::remark::failed: complain(checked, "threw"); return;
      case operation::remark::mixed_up: complain(checked, "is not a value of this key"); return;
      case operation::remark::stale: ++into_.stale; break;
      case operation::remark::bypassed: ++into_.bypassed; break;
      case operation::remark::none: break;
    }
    // A get that bypassed Redis knows only the invalidations of its own process.
    const bool bypassed = checked.done.note == operation::remark::bypassed;
    const std::uint32_t own = floor_of_[checked.process];
    const std::uint32_t others = is_lost(checked.done.began_ns) ? kept_floor_ : floor_;
    const std::uint32_t floor = bypassed ? own : std::max(own, others);
    if (checked.done.version < floor)
      complain(checked, "older than what was invalidated before it");
    const auto written = written_.find(checked.done.version);
    if (written != written_.end() && written->second > checked.done.ended_ns) {
      complain(checked, "a version that was not yet written");
    }
  }

  [[nodiscard]] bool is_lost(std::uint64_t at_ns) const {
    return at_ns >= lost_.began_ns && at_ns < lost_.ended_ns;
  }

  void complain(const labelled& checked, const std::string& complaint) {
    if (into_.violations.size() >= 20) return;
    into_.violations.push_back(
        "key " + std::to_string(checked.done.key) + " process " + std::to_string(checked.process) +
        " version " + std::to_string(checked.done.version) + " floor " + std::to_string(floor_) +
        " how " + std::to_string(static_cast<unsigned>(checked.done.note)) + " from " +
        std::to_string(checked.done.began_ns) + " to " + std::to_string(checked.done.ended_ns) +
        ": " + complaint);
  }

  verdict& into_;
  lost_time lost_;
  std::uint32_t floor_ = 0;
  std::uint32_t kept_floor_ = 0;  ///< of the invalidations that no failover has lost
  std::vector<std::uint32_t> floor_of_;
  std::map<std::uint32_t, std::uint64_t> written_;
  std::uint64_t get_end_ = 0;  ///< the latest end of the gets checked so far
};

}  // namespace

void mix(cached_origin& cached, shared_origin& origin, const mixture& plan) {
  const history_file file{plan.history_path, plan.threads};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < plan.threads; ++i) {
    threads.emplace_back(
        [&, i] { mix_in_one_thread(cached, origin, plan, i, recorder{file.of_thread(i)}); });
  }
  for (std::thread& thread : threads) thread.join();
}

std::vector<operation> read_history(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::vector<operation> all;
  operation recorded;
  while (in.read(reinterpret_cast<char*>(&recorded), sizeof recorded)) {
    if (recorded.done != operation::action::nothing) all.push_back(recorded);
  }
  return all;
}

std::uint64_t history_now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds{1});
}

verdict judge(const std::vector<std::vector<operation>>& histories, lost_time lost) {
  verdict sum;
  std::map<std::uint32_t, std::vector<labelled>> by_key;
  for (std::size_t process = 0; process < histories.size(); ++process) {
    for (const operation& recorded : histories[process])
      by_key[recorded.key].push_back({recorded, process});
  }
  for (auto& [key, all] : by_key) key_check{sum, histories.size(), lost}.run(all);
  return sum;
}

}  // namespace drover::test
