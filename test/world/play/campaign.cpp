// SPDX-License-Identifier: MIT
// A schedule needs its process for itself, so the jobs are processes. Each sends the sum of a batch
// as one line of text.
#include "world/play/campaign.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace drover::world {
namespace {

constexpr std::uint64_t repeats_each = 100;
constexpr std::uint64_t batch = 200;

double processor_seconds() noexcept { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

tally run_one(std::uint64_t seed) {
  tally sum;
  const plan planned = plan_of(seed);
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

/// Runs every `jobs`-th batch. `position` is the index of the schedule that runs; those before it
/// are done. It outlives a crash.
void run_job(const campaign_plan& planned, unsigned job, std::uint64_t& position, std::FILE* to) {
  const std::time_t begin = std::time(nullptr);
  const std::uint64_t first = position;
  for (std::uint64_t done = job * batch; done < planned.schedules; done += planned.jobs * batch) {
    const double before = processor_seconds();
    tally sum;
    const std::uint64_t end = std::min(done + batch, planned.schedules);
    for (std::uint64_t i = std::max(done, first); i < end; ++i) {
      position = i;
      sum.add(run_one(planned.first_seed + i));
    }
    if (sum.schedules == 0) continue;
    sum.processor_seconds = processor_seconds() - before;
    write_line(to, sum);
    if (planned.longest && std::time(nullptr) - begin >= planned.longest->count()) return;
  }
}

struct job {
  unsigned number = 0;
  std::uint64_t* position = nullptr;
  pid_t process = 0;
  int pipe = -1;
  std::string unread;
};

std::uint64_t* shared_number() {
  void* const mapped = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::system_error{errno, std::generic_category(), "no memory for a job of the campaign"};
  return static_cast<std::uint64_t*>(mapped);
}

job start_job(const campaign_plan& planned, unsigned number, std::uint64_t* position) {
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
    run_job(planned, number, *position, to);
    std::fflush(to);
    ::_exit(0);
  }
  ::close(ends[1]);
  return {number, position, process, ends[0], {}};
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

/// False: it crashed, in the schedule at its position.
bool has_finished(const job& ended) {
  int status = 0;
  ::waitpid(ended.process, &status, 0);
  return status == 0;
}

}  // namespace

void tally::add(const tally& other) {
  schedules += other.schedules;
  failed += other.failed;
  repeated += other.repeated;
  steps += other.steps;
  calls += other.calls;
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
  for (unsigned i = 0; i < planned.jobs; ++i)
    jobs.push_back(start_job(planned, i, shared_number()));
  const auto begin = std::chrono::steady_clock::now();
  const auto set_time = [&] {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    sum.wall_seconds = passed.count();
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
      if (has_finished(ended)) continue;
      const std::uint64_t seed = planned.first_seed + *ended.position;
      ++sum.schedules;
      ++sum.failed;
      sum.failures.push_back({seed, {"crash", "the program crashed"}});
      ++*ended.position;
      jobs.push_back(start_job(planned, ended.number, ended.position));
    }
    if (std::time(nullptr) - last < planned.progress_every.count()) continue;
    last = std::time(nullptr);
    set_time();
    planned.on_progress(sum);
  }
  set_time();
  std::ranges::sort(sum.failures, {}, &failed_schedule::seed);
  return sum;
}

}  // namespace drover::world
