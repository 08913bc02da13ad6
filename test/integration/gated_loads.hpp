// SPDX-License-Identifier: MIT
// Loads that a test holds where it wants them, and calls whose end is told in words.
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

/// Holds whoever comes until it is opened. Threads: any.
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
  /// How many have come so far.
  [[nodiscard]] unsigned reached() const { return reached_; }

 private:
  std::atomic<unsigned> reached_{0};
  std::atomic<bool> open_{false};
};

/// What one call on a cache came to.
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

[[nodiscard]] inline answer ask(text_cache& of, std::string_view key,
                                const call_options& limits = {}) {
  return answer_of([&] { return of.fetch(key, limits); });
}

/// A deadline that only a hang reaches.
[[nodiscard]] inline call_options in_good_time() { return call_options::within(1min); }

/// A server's address at which nobody listens.
inline constexpr std::string_view nobodys_url = "unix:///nonexistent/drover-test.sock";

}  // namespace drover::test
