// SPDX-License-Identifier: MIT
// A schedule needs its process for itself, so the jobs are processes. Each sends one line of text
// for a schedule, so a crash loses no other one.
#include "world/play/campaign.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <new>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace drover::world {
namespace {

constexpr std::uint64_t repeats_each = 100;
constexpr std::uint64_t batch = 200;
constexpr int exit_of_a_loop = 3;

/// Of the only thread of this job. While ITIMER_PROF runs, the system updates the clock of the
/// whole process, which `std::clock` reads, only once a tick.
double processor_seconds() noexcept {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

tally run_one(const plan& planned, std::uint64_t seed) {
  tally sum;
  result got = carry_out(planned);
  if (seed % repeats_each == 0) {
    ++sum.repeated;
    if (carry_out(planned).fingerprint != got.fingerprint)
      got.violations.push_back({"repeat", "the seed gave another schedule the second time"});
  }
  ++sum.schedules;
  sum.steps = got.steps;
  sum.calls = got.calls;
  sum.seen = got.seen;
  if (!got.violations.empty()) {
    ++sum.failed;
    sum.failures.push_back({seed, got.violations.front()});
  }
  return sum;
}

void write_line(std::FILE* to, const tally& sum) {
  std::fprintf(to, "%lu %lu %lu %lu %lu %f", sum.schedules, sum.failed, sum.repeated, sum.steps,
               sum.calls, sum.processor_seconds);
  for (std::size_t i = 0; i < overlap_count; ++i)
    std::fprintf(to, " %lu", sum.seen.of(static_cast<overlap>(i)));
  std::fputc('\n', to);
  for (const failed_schedule& failure : sum.failures) {
    std::fprintf(to, "! %lu %s %s\n", failure.seed, failure.first.rule.c_str(),
                 failure.first.text.c_str());
  }
  std::fflush(to);
}

void read_line(const std::string& line, tally& into) {
  std::istringstream in{line};
  tally sum;
  if (line.starts_with("! ")) {
    failed_schedule failure;
    in.ignore(2);
    in >> failure.seed >> failure.first.rule >> std::ws;
    std::getline(in, failure.first.text);
    if (into.failures.size() < tally::failures_kept) into.failures.push_back(failure);
    return;
  }
  in >> sum.schedules >> sum.failed >> sum.repeated >> sum.steps >> sum.calls >>
      sum.processor_seconds;
  for (std::size_t i = 0; i < overlap_count; ++i) {
    std::uint64_t count = 0;
    in >> count;
    sum.seen.add(static_cast<overlap>(i), count);
  }
  if (!in) throw std::runtime_error{"a job of the campaign sent what is no sum: " + line};
  into.add(sum);
}

/// Which seeds a job carries out, as indices. It outlives a crash of the job.
struct batch_place {
  std::uint64_t next = 0;  ///< the schedule that runs
  std::uint64_t end = 0;
};

/// What all jobs share.
struct shared_state {
  std::atomic<std::uint64_t> given;  ///< the number of seeds in batches that jobs have taken
  std::array<batch_place, 256> places;
};

void limit_processor_time(std::chrono::seconds limit) {
  std::signal(SIGPROF, [](int) { ::_exit(exit_of_a_loop); });
  const itimerval once{{}, {limit.count(), 0}};
  ::setitimer(ITIMER_PROF, &once, nullptr);
}

void run_job(const campaign_plan& planned, shared_state& all, batch_place& place, std::FILE* to,
             std::time_t begin) {
  for (;;) {
    for (; place.next < place.end; ++place.next) {
      limit_processor_time(planned.longest_schedule);
      const double before = processor_seconds();
      const std::uint64_t seed = planned.first_seed + place.next;
      tally sum = run_one(planned.plans(seed), seed);
      sum.processor_seconds = processor_seconds() - before;
      write_line(to, sum);
    }
    if (planned.longest && std::time(nullptr) - begin >= planned.longest->count()) return;
    const std::uint64_t first = all.given.fetch_add(batch);
    if (first >= planned.schedules) return;
    place = {first, std::min(first + batch, planned.schedules)};
  }
}

struct job {
  batch_place* place = nullptr;
  pid_t process = 0;
  int pipe = -1;
  std::string unread;
};

shared_state& share() {
  void* const mapped = ::mmap(nullptr, sizeof(shared_state), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::system_error{errno, std::generic_category(), "no memory for the campaign"};
  return *new (mapped) shared_state{};
}

job start_job(const campaign_plan& planned, shared_state& all, batch_place& place,
              std::time_t begin) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    throw std::system_error{errno, std::generic_category(), "no pipe to a job of the campaign"};
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0)
    throw std::system_error{errno, std::generic_category(), "a job of the campaign cannot start"};
  if (process == 0) {
    ::close(ends[0]);
    std::FILE* const to = ::fdopen(ends[1], "w");
    run_job(planned, all, place, to, begin);
    std::fflush(to);
    ::_exit(0);
  }
  ::close(ends[1]);
  return {&place, process, ends[0], {}};
}

/// False: the job has ended.
bool read_from(job& from, tally& into) {
  std::array<char, 4096> bytes{};
  const ssize_t got = ::read(from.pipe, bytes.data(), bytes.size());
  if (got <= 0) return false;
  from.unread.append(bytes.data(), static_cast<std::size_t>(got));
  for (std::size_t end = 0; (end = from.unread.find('\n')) != std::string::npos;) {
    read_line(from.unread.substr(0, end), into);
    from.unread.erase(0, end + 1);
  }
  return true;
}

/// Why the job ended before its seeds did, if so.
std::optional<violation> fault_of(const job& ended) {
  int status = 0;
  ::waitpid(ended.process, &status, 0);
  if (status == 0) return std::nullopt;
  if (WIFEXITED(status) && WEXITSTATUS(status) == exit_of_a_loop)
    return violation{"endless", "a thread loops without a system call"};
  return violation{"crash", "the program crashed"};
}

}  // namespace

void tally::add(const tally& other) {
  schedules += other.schedules;
  failed += other.failed;
  repeated += other.repeated;
  steps += other.steps;
  calls += other.calls;
  seeds_given += other.seeds_given;
  processor_seconds += other.processor_seconds;
  wall_seconds += other.wall_seconds;
  seen.add(other.seen);
  for (const failed_schedule& failure : other.failures) {
    if (failures.size() < failures_kept) failures.push_back(failure);
  }
}

tally run_campaign(const campaign_plan& planned) {
  tally sum;
  std::vector<job> jobs;
  shared_state& all = share();
  const std::time_t first_moment = std::time(nullptr);
  for (unsigned i = 0; i < planned.jobs; ++i)
    jobs.push_back(start_job(planned, all, all.places[i], first_moment));
  const auto begin = std::chrono::steady_clock::now();
  const auto set_progress = [&] {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    sum.wall_seconds = passed.count();
    sum.seeds_given = std::min(all.given.load(), planned.schedules);
  };
  std::time_t last = std::time(nullptr);
  while (!jobs.empty()) {
    std::vector<pollfd> watched;
    for (const job& running : jobs) watched.push_back({running.pipe, POLLIN, 0});
    ::poll(watched.data(), watched.size(), 1000);
    for (std::size_t i = jobs.size(); i-- > 0;) {
      if (watched[i].revents == 0 || read_from(jobs[i], sum)) continue;
      ::close(jobs[i].pipe);
      const job ended = jobs[i];
      jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(i));
      const auto fault = fault_of(ended);
      if (!fault) continue;
      ++sum.schedules;
      ++sum.failed;
      sum.failures.push_back({planned.first_seed + ended.place->next, *fault});
      ++ended.place->next;
      jobs.push_back(start_job(planned, all, *ended.place, first_moment));
    }
    if (std::time(nullptr) - last < planned.progress_every.count()) continue;
    last = std::time(nullptr);
    set_progress();
    planned.on_progress(sum);
  }
  set_progress();
  ::munmap(&all, sizeof all);
  std::ranges::sort(sum.failures, {}, &failed_schedule::seed);
  return sum;
}

}  // namespace drover::world
