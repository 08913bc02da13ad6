// SPDX-License-Identifier: MIT
// Loads that a test can block, and calls whose result is described as text.
#pragma once

#include <drover/cache.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

#include "integration/fleet.hpp"
#include "integration/in_child.hpp"

namespace drover::test {

using text_cache = cache<std::string>;

/// Blocks all threads in `pass` until it is opened. Threads: any.
class gate {
 public:
  void pass() {
    ++reached_;
    open_.wait(false);
  }
  void open() {
    open_ = true;
    open_.notify_all();
  }
  /// The number of threads that have reached the gate.
  [[nodiscard]] unsigned reached() const { return reached_; }

 private:
  std::atomic<unsigned> reached_{0};
  std::atomic<bool> open_{false};
};

/// A loader whose value for each key is the key.
inline constexpr auto own_key = [](std::string_view key) { return std::string{key}; };

/// The same loader behind a gate: every load passes it, or only loads of the key `only`.
[[nodiscard]] inline auto own_key_behind(gate& held, std::string_view only = {}) {
  return [&held, only](std::string_view key) {
    if (only.empty() || key == only) held.pass();
    return std::string{key};
  };
}

/// Options for a client with one thread for refreshes and one for callers with limits.
[[nodiscard]] inline client_options with_single_threads(client_options with) {
  with.background_threads = 1;
  with.deadline_threads_max = 1;
  return with;
}

/// The result of one call on a cache.
template <class Call>
[[nodiscard]] answer answer_of(const Call& call) {
  try {
    const fetched<std::string> got = call();
    return {.how = std::string{to_string(got.how)}, .value = got.value.value_or("absent")};
  } catch (const refused& thrown) {
    const bool late = thrown.why() == refused::reason::timed_out;
    const bool full = thrown.why() == refused::reason::saturated;
    return {.how = late ? "refused:timed_out" : full ? "refused:saturated" : "refused:stopped"};
  } catch (const std::exception& thrown) {
    return {.how = "threw", .text = thrown.what(), .thrown = std::current_exception()};
  }
}

[[nodiscard]] inline answer ask(text_cache& cached, std::string_view key,
                                const call_options& limits = {}) {
  return answer_of([&] { return cached.fetch(key, limits); });
}

/// Limits that only a hang exceeds.
[[nodiscard]] inline call_options in_good_time() { return call_options::within(1min); }

/// The address of a server that does not exist.
inline constexpr std::string_view nobodys_url = "unix:///nonexistent/drover-test.sock";

}  // namespace drover::test
