// SPDX-License-Identifier: MIT
// Runs the body of a test in a child process: see support/child_process.hpp.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <functional>

#include "support/child_process.hpp"

namespace drover::test {

/// Runs `body`. Returns 1 when an expectation failed in this process or `body` threw, otherwise 0.
inline int status_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& thrown) {
    ADD_FAILURE() << "an exception ended the child process: " << thrown.what();
  }
  return testing::Test::HasFailure() ? 1 : 0;
}

/// Fails the test unless the child has ended by itself, with status 0.
inline void expect_good(const child_end& ended) {
  EXPECT_TRUE(!ended.hung && ended.status == 0) << "the child process: " << ended.text();
}

/// Runs `body` in a child. Fails the test when an expectation fails in the child or the child does
/// not end. Does nothing when the test has already failed, because every hang takes long.
inline void in_child(const std::function<void()>& body, std::chrono::seconds guard = child_guard) {
  if (testing::Test::HasFailure()) return;
  expect_good(run_in_child([&] { return status_of(body); }, guard));
}

}  // namespace drover::test
