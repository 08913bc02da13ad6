// SPDX-License-Identifier: MIT
// Tests that start shells, and check the output and the status of each shell.
#include "process/child_process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "process/scratch_folder.hpp"

namespace drover::process::child_process_test {
namespace {

using namespace std::chrono_literals;

child_process::plan shell(const std::string& script) {
  return {.program = "/bin/sh", .arguments = {"sh", "-c", script}};
}

int ending(child_process& child) {
  while (!child.status()) std::this_thread::sleep_for(1ms);
  return *child.status();
}

std::string content(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

TEST(child_process, SaysHowItEnded) {
  child_process ended{shell("exit 7")};
  EXPECT_EQ(ending_in_words(ending(ended)), "ended with exit code 7");
  child_process killed{shell("kill -SEGV $$")};
  EXPECT_EQ(ending_in_words(ending(killed)), "ended by signal 11 (Segmentation fault)");
}

TEST(child_process, WorksInItsFolderAndWritesToItsFile) {
  const scratch_folder folder;
  auto plan = shell("pwd; echo trouble >&2");
  plan.folder = folder.path();
  plan.output = folder.path() / "said";
  child_process child{plan};
  EXPECT_EQ(ending(child), 0);
  EXPECT_EQ(content(plan.output), folder.path().string() + "\ntrouble\n");
}

TEST(child_process, SaysWhichFileItCannotWrite) {
  auto plan = shell("true");
  plan.output = "/nowhere/said";
  try {
    const child_process child{plan};
    FAIL() << "it was started";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string{error.what()}.find("/nowhere/said"), std::string::npos);
  }
}

TEST(child_process, RunsAsAnotherUserWithNoneOfOurGroups) {
  if (::geteuid() != 0) return;  // only root can change the user
  const scratch_folder folder;
  auto plan = shell("id -u; id -g; id -G");
  plan.output = folder.path() / "said";
  plan.runs_as = user{.uid = 65534, .gid = 65534};
  child_process child{plan};
  EXPECT_EQ(ending(child), 0);
  EXPECT_EQ(content(plan.output), "65534\n65534\n65534\n");
}

TEST(child_process, DiesWithUsOfTheSignalThatWasAskedFor) {
  const scratch_folder folder;
  const auto file = folder.path() / "said";
  for (const bool as_another : {false, true}) {
    if (as_another && ::geteuid() != 0) continue;
    std::filesystem::remove(file);
    const pid_t intermediate = ::fork();
    if (intermediate == 0) {
      auto plan = shell("trap 'echo told; exit' QUIT; echo ready; while :; do sleep 0.01; done");
      plan.output = file;
      plan.signal_of_death = SIGQUIT;
      if (as_another) plan.runs_as = user{.uid = 65534, .gid = 65534};
      const child_process child{plan};
      while (content(file) != "ready\n") std::this_thread::sleep_for(1ms);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(intermediate, &status, 0), intermediate);
    while (content(file) != "ready\ntold\n") std::this_thread::sleep_for(1ms);
  }
}

TEST(child_process, StopsByASignalOrSaysThatItDoesNot) {
  child_process willing{shell("exec sleep 1000")};
  EXPECT_TRUE(willing.stop(SIGTERM, 1min));
  EXPECT_TRUE(willing.stop(SIGTERM, 1min));
  const scratch_folder folder;
  auto plan = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  plan.output = folder.path() / "said";
  child_process deaf{plan};
  while (content(plan.output) != "ready\n") std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(deaf.stop(SIGTERM, 50ms));
  EXPECT_TRUE(deaf.stop(SIGKILL, 1min));
}

}  // namespace
}  // namespace drover::process::child_process_test
