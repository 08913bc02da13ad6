// SPDX-License-Identifier: MIT
#include "process/process_tree.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "process/foreground_process.hpp"

namespace drover::process::process_tree_test {
namespace {

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** variable = ::environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  return variables;
}

std::vector<pid_t> wait_for_descendants(pid_t process, std::size_t count) {
  for (;;) {
    auto descendants = descendants_of(process);
    if (descendants.size() >= count) return descendants;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

void wait_until_all_have_ended(const std::vector<pid_t>& processes) {
  for (const pid_t process : processes) {
    // A zombie counts as ended. It has no `exe`, and its new parent may wait for it later.
    const std::string path = "/proc/" + std::to_string(process) + "/exe";
    while (::access(path.c_str(), F_OK) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
}

TEST(process_tree, HasChildrenAndTheirChildren) {
  foreground_process root{{.command = {"sh", "-c", "sh -c 'sleep 600 & wait' & wait"},
                           .environment = own_environment()}};
  const auto descendants = wait_for_descendants(root.pid(), 2);
  EXPECT_EQ(std::ranges::count(descendants, root.pid()), 0);
  const auto of_self = descendants_of(::getpid());
  EXPECT_EQ(std::ranges::count(of_self, root.pid()), 1);
  for (const pid_t process : descendants) EXPECT_EQ(std::ranges::count(of_self, process), 1);
}

TEST(process_tree, WhatACommandHasStartedEndsWithIt) {
  std::vector<pid_t> started;
  {
    foreground_process root{{.command = {"sh", "-c", "sh -c 'sleep 600 & wait' & wait"},
                             .environment = own_environment()}};
    started = wait_for_descendants(root.pid(), 2);
  }
  wait_until_all_have_ended(started);
}

}  // namespace
}  // namespace drover::process::process_tree_test
