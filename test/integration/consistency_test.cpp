// SPDX-License-Identifier: MIT
// Several processes read, write and invalidate the same keys while connections, processes and the
// server are disturbed. Their operations are recorded and afterwards checked: a get that begins
// after an invalidation was acknowledged must never return an older version.
//
// DROVER_SEED repeats the choices of a run; DROVER_RUN_MS sets its length.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "integration/fleet.hpp"
#include "support/history.hpp"

namespace drover::test::consistency_test {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const setting = std::getenv(name);
  return setting != nullptr ? std::stoull(setting) : otherwise;
}

class consistency : public fleet {
 protected:
  static constexpr unsigned processes = 3;

  void begin(std::uint64_t seed, std::uint64_t run_ms) {
    workers_ = start_workers(processes);
    for (unsigned i = 0; i < processes; ++i) {
      histories_.push_back(origin.path() + ".history" + std::to_string(i));
      workers_[i]->send("mix " + std::to_string(seed * processes + i) + " " +
                        std::to_string(run_ms) + " 6 4 " + histories_.back());
    }
  }

  // Causes one disturbance. It is over when this function returns.
  void disturb(std::uint32_t which, std::uint32_t length_ms) {
    const std::chrono::milliseconds length{length_ms};
    worker& victim = *workers_[which % processes];
    switch (which / processes) {
      case 0: server.command({"CLIENT", "KILL", "TYPE", "normal"}); break;
      case 1:
        victim.signal(SIGSTOP);
        std::this_thread::sleep_for(length * 4);
        victim.signal(SIGCONT);
        break;
      case 2: server.command({"CLIENT", "PAUSE", std::to_string(length_ms), "ALL"}); break;
      case 3: server.command({"FLUSHALL"}); break;
      case 4:
        server.pause();
        std::this_thread::sleep_for(length);
        server.resume();
        break;
      default:
        server.kill9();
        server.restart();
        break;
    }
    std::this_thread::sleep_for(length / 2);
  }

  verdict end() {
    std::vector<std::vector<operation>> all;
    for (unsigned i = 0; i < processes; ++i) {
      if (workers_[i]->pid() != 0) {
        EXPECT_EQ(workers_[i]->read_line(), "mixed");
        refused_ += workers_[i]->stat("fills_refused") + workers_[i]->stat("leases_lost");
        EXPECT_EQ(workers_[i]->quit(), 0);
      }
    }
    for (const std::string& path : histories_) {
      all.push_back(read_history(path));
      std::filesystem::remove(path);
    }
    return judge(all);
  }

  static void expect_flawless(const verdict& checked) {
    for (const std::string& violation : checked.violations) ADD_FAILURE() << violation;
    std::printf(
        "%llu gets, %llu invalidations (%llu unknown), %llu overlaps, %llu stale, "
        "%llu bypassed\n",
        static_cast<unsigned long long>(checked.gets),
        static_cast<unsigned long long>(checked.invalidations),
        static_cast<unsigned long long>(checked.unknown),
        static_cast<unsigned long long>(checked.overlaps),
        static_cast<unsigned long long>(checked.stale),
        static_cast<unsigned long long>(checked.bypassed));
  }

  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<std::string> histories_;
  std::uint64_t refused_ = 0;
};

TEST_F(consistency, NoGetReturnsWhatWasInvalidatedBeforeItInQuietTimes) {
  const std::uint64_t seed = number_from("DROVER_SEED", std::random_device{}());
  SCOPED_TRACE("DROVER_SEED=" + std::to_string(seed));
  setup.policy.ttl = 200ms;
  origin.set_load_time(4ms);
  begin(seed, number_from("DROVER_RUN_MS", 2000));
  const verdict result = end();
  expect_flawless(result);
  EXPECT_GT(result.invalidations, 20U);
  EXPECT_GT(result.overlaps, 0U) << "a run without overlaps shows nothing";
  EXPECT_GT(refused_, 0U) << "a run without a late fill shows nothing";
}

TEST_F(consistency, NoGetReturnsWhatWasInvalidatedBeforeItWhateverIsDisturbed) {
  const std::uint64_t seed = number_from("DROVER_SEED", std::random_device{}());
  SCOPED_TRACE("DROVER_SEED=" + std::to_string(seed));
  const std::uint64_t run_ms = number_from("DROVER_RUN_MS", 5000);
  setup.policy.ttl = 150ms;
  setup.policy.grace = 150ms;
  setup.policy.lease_ttl = 200ms;
  setup.patience = 500ms;  // as by default, so that a frozen server is given up at times
  origin.set_load_time(5ms);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{run_ms};
  begin(seed, run_ms);
  std::mt19937_64 random{seed};
  while (std::chrono::steady_clock::now() < until - 200ms) {
    const auto which = std::uniform_int_distribution<std::uint32_t>{0, 6 * processes - 1}(random);
    disturb(which, std::uniform_int_distribution<std::uint32_t>{10, 100}(random));
    // One process dies half-way; its invalidations must stay in force.
    if (std::chrono::steady_clock::now() > until - std::chrono::milliseconds{run_ms / 2}) {
      workers_[0]->kill9();
    }
  }
  const verdict result = end();
  expect_flawless(result);
  EXPECT_GT(result.invalidations, 20U);
  EXPECT_GT(result.overlaps, 0U) << "a run without overlaps shows nothing";
}

// The check itself must be able to find a violation.
TEST(history, ShowsAGetThatIsOlderThanAnInvalidationBeforeIt) {
  using action = operation::action;
  const operation write{
      .began_ns = 10, .ended_ns = 11, .key = 1, .version = 1, .done = action::write};
  const operation invalidated{
      .began_ns = 12, .ended_ns = 20, .key = 1, .version = 1, .done = action::invalidate};
  operation get{.began_ns = 21, .ended_ns = 22, .key = 1, .version = 0, .done = action::get};
  EXPECT_EQ(judge({{write, invalidated}, {get}}).violations.size(), 1U);
  get.began_ns = 19;
  EXPECT_EQ(judge({{write, invalidated}, {get}}).violations.size(), 0U) << "it overlaps";
  EXPECT_EQ(judge({{write, invalidated}, {get}}).overlaps, 1U);
  get = {.began_ns = 5, .ended_ns = 9, .key = 1, .version = 1, .done = action::get};
  EXPECT_EQ(judge({{write, invalidated}, {get}}).violations.size(), 1U) << "not yet written";
  get = {.began_ns = 21,
         .ended_ns = 22,
         .key = 1,
         .version = 0,
         .done = action::get,
         .note = operation::remark::bypassed};
  EXPECT_EQ(judge({{write, invalidated}, {get}}).violations.size(), 0U);
  EXPECT_EQ(judge({{write, invalidated, get}}).violations.size(), 1U) << "its own process knows";
}

TEST(history, AnInvalidationThatAFailoverLostBindsItsOwnProcessUntilItIsRepeated) {
  using action = operation::action;
  const operation invalidated{
      .began_ns = 12, .ended_ns = 20, .key = 1, .version = 1, .done = action::invalidate};
  operation get{.began_ns = 25, .ended_ns = 26, .key = 1, .version = 0, .done = action::get};
  EXPECT_EQ(judge({{invalidated}, {get}}, {.began_ns = 15}).violations.size(), 0U);
  EXPECT_EQ(judge({{invalidated, get}}, {.began_ns = 15}).violations.size(), 1U) << "its own";
  EXPECT_EQ(judge({{invalidated}, {get}}, {.began_ns = 21}).violations.size(), 1U)
      << "acknowledged long before";
  EXPECT_EQ(judge({{invalidated}, {get}}, {.began_ns = 15, .ended_ns = 24}).violations.size(), 1U)
      << "repeated";
}

}  // namespace
}  // namespace drover::test::consistency_test
