// SPDX-License-Identifier: MIT
// drover-campaign: Drover on real servers under faults, with a check of everything that it served.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "campaign/campaign_report.hpp"
#include "campaign/worker_loop.hpp"

namespace {

using namespace drover;
using campaign::campaign_report;

constexpr int exit_success = 0;
constexpr int exit_usage = 2;
constexpr int exit_broken = 4;

std::atomic<bool> is_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);
void interrupt(int) { is_interrupted = true; }

constexpr const char* help_text = R"(Usage: drover-campaign [--seconds S | --hours H] [--seed N]
                       [--processes P] [--threads T] [--report FILE [--resume]]

Runs Drover in several processes on a private Redis server, while the server, the
connections and the processes are disturbed. Every get, write, invalidation and load is
recorded. Afterwards the records are checked:

  identity     a value belongs to the key that was asked for
  not written  no version is seen before it was written
  fresh        a get that begins after an acknowledged invalidation returns nothing older,
               unless it is stale or bypassed
  stale        a stale value is within ttl + grace, and not older than an invalidation
  bypassed     a bypassed value comes from a load that ran during the get
  one load     loads of a key under valid leases do not overlap
  ended        every call ends, and no process crashes
  converged    some seconds after the last fault all processes read the newest versions

A run consists of rounds of about half a minute. Each has its own server, processes and
seed. Half of the processes are behind the fault proxy (see `drover fault-proxy`).

  --seconds S    begin no round after S seconds (default: 60)
  --hours H      the same in hours; a fraction is allowed
  --seed N       the seed of the first round; the next ones count up (default: random).
                 The same seed causes the same faults in the same order. What they hit
                 depends on the machine.
  --processes P  worker processes (default: 8)
  --threads T    threads in each process (default: 4)
  --report FILE  write a report as JSON after each round
  --resume       continue the report in FILE: its figures and seeds count on, and its time
                 counts as used
  --help         print this text

Ctrl-C ends the run; the report of the rounds before it remains.

Exit status: 0  no violation, and enough evidence
             1  a violation; the report and the output show the records that contradict
             2  invalid usage
             3  no evidence: no violation, but the run met too few overlaps of calls with
                invalidations and faults to prove anything, for example on a busy machine
             4  the campaign itself failed, for example because redis-server is missing

Examples:
  drover-campaign --seconds 60 --seed 7
  drover-campaign --hours 8 --report campaign.json
  drover-campaign --hours 8 --report campaign.json --resume
)";

struct command_line {
  double seconds = 60;
  std::uint64_t seed = std::random_device{}();
  campaign::round_settings round;
  std::string report;
  bool resumes = false;
};

struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

command_line parse(const std::vector<std::string>& words) {
  command_line line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& name = words[i];
    if (name == "--resume") {
      line.resumes = true;
      continue;
    }
    constexpr std::array known{"--seconds",   "--hours",   "--seed",
                               "--processes", "--threads", "--report"};
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw usage_error{"unknown option " + name};
    if (i + 1 == words.size()) throw usage_error{name + " needs a value"};
    const std::string& value = words[++i];
    if (name == "--report") {
      line.report = value;
      continue;
    }
    std::size_t used = 0;
    double number = -1;
    try {
      number = std::stod(value, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    const bool is_time = name == "--seconds" || name == "--hours";
    const bool is_in_range = number >= 0 && number <= 1e15;
    if (used != value.size() || !is_in_range || (!is_time && number != std::floor(number)))
      throw usage_error{name + " needs a number, not '" + value + "'"};
    if (name == "--seconds") line.seconds = number;
    if (name == "--hours") line.seconds = number * 3600;
    if (name == "--seed") line.seed = static_cast<std::uint64_t>(number);
    if (name == "--processes") line.round.processes = static_cast<std::uint32_t>(number);
    if (name == "--threads") line.round.threads = static_cast<std::uint32_t>(number);
  }
  if (line.round.processes < 2 || line.round.processes > 64)
    throw usage_error{"--processes must be 2 to 64"};
  if (line.round.threads < 1 || line.round.threads > 64)
    throw usage_error{"--threads must be 1 to 64"};
  if (line.resumes && line.report.empty()) throw usage_error{"--resume needs --report FILE"};
  return line;
}

void say(const std::string& text) {
  std::fputs((text + "\n").c_str(), stdout);
  std::fflush(stdout);
}

/// Runs the next round and adds it. False: it was interrupted.
bool add_round(campaign_report& report, campaign::round_settings round) {
  const auto begun = std::chrono::steady_clock::now();
  round.seed = report.seed + report.rounds;
  round.is_interrupted = &is_interrupted;
  try {
    const campaign::round_result result = campaign::run_round(round);
    if (is_interrupted) return false;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    report.add(result, round.seed, took.count());
  } catch (const std::exception&) {
    if (!is_interrupted) throw;  // Ctrl-C ends the server and the workers, too
    return false;
  }
  say(report.progress_line());
  return true;
}

int run(const command_line& line) {
  campaign_report report;
  report.seed = line.seed;
  report.processes = line.round.processes;
  if (line.resumes && std::filesystem::exists(line.report))
    report = campaign_report::read(line.report);
  say("drover-campaign: seed " + std::to_string(report.seed));
  campaign::round_settings round = line.round;
  round.program = std::filesystem::read_symlink("/proc/self/exe").string();
  round.processes = report.processes;
  while (report.rounds == 0 || report.seconds < line.seconds) {
    if (!add_round(report, round)) {
      say("interrupted: the last round does not count");
      break;
    }
    if (!line.report.empty()) report.write(line.report);
  }
  say(report.text());
  const std::vector<std::string> missing = report.missing_evidence();
  switch (report.exit_status()) {
    case campaign::exit_violation:
      say("FAILED: " + std::to_string(report.violation_count()) + " violations");
      break;
    case campaign::exit_no_evidence:
      for (const std::string& one : missing) say("no evidence: " + one);
      break;
    default: say("passed: no violation");
  }
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  ::signal(SIGPIPE, SIG_IGN);
  try {
    if (!words.empty() && words[0] == "worker")
      return campaign::run_worker(
          campaign::worker_plan::from_arguments({words.begin() + 1, words.end()}));
    for (const std::string& word : words) {
      if (word == "--help" || word == "-h") {
        std::fputs(help_text, stdout);
        return exit_success;
      }
    }
    const command_line line = parse(words);
    ::signal(SIGINT, interrupt);
    ::signal(SIGTERM, interrupt);
    return run(line);
  } catch (const usage_error& error) {
    std::fprintf(stderr, "drover-campaign: %s\nTry drover-campaign --help\n", error.what());
    return exit_usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover-campaign: %s\n", error.what());
    return exit_broken;
  }
}
