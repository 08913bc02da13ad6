// SPDX-License-Identifier: MIT
// Asks the application for user and password on a separate thread, because its function may block.
//
// Threads: one at a time. Invariant: at most one call of the function runs.
// Lifetime: the destructor waits for a call that runs, because the function may refer to objects of
//           the application.
#pragma once

#include <drover/credentials.hpp>
#include <drover/result.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "connection/socket_io.hpp"

namespace drover::connection {

struct given_credentials {
  credentials login;
  steady_time asked{};  ///< when the call of the function began
};

class credentials_source {
 public:
  using function = std::function<credentials()>;

  credentials_source(function ask, std::shared_ptr<const bell> when_done);
  ~credentials_source();
  credentials_source(const credentials_source&) = delete;
  credentials_source& operator=(const credentials_source&) = delete;

  /// The answer, or empty while the function runs. Rings the bell when it has returned. The next
  /// call after an answer calls the function again. A fault says that the function threw, or that
  /// its answer is of no use; its text contains nothing of either. Throws std::system_error when no
  /// thread can be started.
  [[nodiscard]] std::optional<result<given_credentials>> ask();

 private:
  void run() noexcept;

  const function ask_;
  const std::shared_ptr<const bell> when_done_;
  std::thread running_;
  std::atomic<bool> is_done_{false};
  std::optional<result<given_credentials>> answer_;  // of the thread, until `is_done_`
};

}  // namespace drover::connection
