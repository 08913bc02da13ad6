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

namespace drover::process {
namespace {

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** each = ::environ; *each != nullptr; ++each) all.emplace_back(*each);
  return all;
}

std::vector<pid_t> wait_for_descendants(pid_t of, std::size_t count) {
  for (;;) {
    auto found = descendants_of(of);
    if (found.size() >= count) return found;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

void wait_until_all_have_ended(const std::vector<pid_t>& processes) {
  for (const pid_t each : processes) {
    // Whoever adopts it may take its time to bury it: a zombie has ended, too.
    const std::string path = "/proc/" + std::to_string(each) + "/exe";
    while (::access(path.c_str(), F_OK) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
}

TEST(process_tree, HasChildrenAndTheirChildren) {
  foreground_process root{{.command = {"sh", "-c", "sh -c 'sleep 600 & wait' & wait"},
                           .environment = own_environment()}};
  const auto found = wait_for_descendants(root.pid(), 2);
  EXPECT_EQ(std::ranges::count(found, root.pid()), 0);
  const auto of_self = descendants_of(::getpid());
  EXPECT_EQ(std::ranges::count(of_self, root.pid()), 1);
  for (const pid_t each : found) EXPECT_EQ(std::ranges::count(of_self, each), 1);
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
}  // namespace drover::process
