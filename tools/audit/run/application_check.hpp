// SPDX-License-Identifier: MIT
// Asks the application again and again, as one of its callers, whether it still serves them: over
// HTTP, or by a command of the user.
#pragma once

#include <drover/result.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/proxy/address.hpp"

namespace drover::audit {

/// What a check asks. Either a URL or a command.
struct check_target {
  /// Of a URL: the server, and the path with its query.
  address server{};
  std::string path;
  /// "" for a URL.
  std::string command;

  [[nodiscard]] bool is_url() const { return command.empty(); }
};

/// Reads what was typed: http://HOST[:PORT][/PATH], or a shell command. The text of the fault is a
/// sentence. Pure.
[[nodiscard]] result<check_target> parse_check(const std::string& typed);

/// The status of an HTTP answer, if these first bytes of it contain one, such as "503 Service
/// Unavailable"; otherwise "". Pure.
[[nodiscard]] std::string status_of_answer(std::string_view bytes);

/// Whether the bytes are all of an answer. An answer without a length ends with its connection.
/// Pure.
[[nodiscard]] bool is_whole_answer(std::string_view bytes, bool has_ended);

/// Asks once. Returns "" if the caller was served, and otherwise the reason, a clause such as "it
/// answered 503 Service Unavailable". Blocks: for `at_most`.
[[nodiscard]] std::string ask(const check_target& target, std::chrono::milliseconds at_most);

struct check_settings {
  check_target target;
  /// A caller comes so often, also while others wait.
  std::chrono::milliseconds every{200};
  std::chrono::milliseconds timeout{2000};
  std::function<moment()> now;
  /// Receives the result of each check. Called on the threads of the checks.
  std::function<void(application_checked)> tell;
};

class application_check {
 public:
  explicit application_check(check_settings settings) : settings_{std::move(settings)} {}
  /// Stops.
  ~application_check() { stop(); }
  application_check(const application_check&) = delete;
  application_check& operator=(const application_check&) = delete;

  void start();
  /// Waits for the checks that run. Blocks: for the timeout of a check.
  void stop();

  /// If all of so many callers wait, no more come.
  static constexpr std::int64_t callers_max = 32;

 private:
  /// One of `callers`, who come in turn.
  void run(std::int64_t number, std::int64_t callers);

  const check_settings settings_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace drover::audit
