// SPDX-License-Identifier: MIT
// A cache in front of a shared_origin, for tests and for worker processes.
#pragma once

#include <drover/cache.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/shared_origin.hpp"

namespace drover::test {

/// A policy without randomness: no early refresh and no jitter.
[[nodiscard]] policy plain_policy();

struct cache_setup {
  std::string url{};
  std::string name = "t";
  drover::policy policy = plain_policy();
  /// The limit for connecting and for the server's silence. It is long, because a busy machine must
  /// not look like a fault of the server.
  duration patience = std::chrono::seconds{20};

  [[nodiscard]] client_options client() const;
  [[nodiscard]] std::vector<std::string> arguments() const;
  [[nodiscard]] static cache_setup from_arguments(std::span<const std::string> arguments);
};

/// Counts events and keeps the texts of faults.
class event_log : public observer {
 public:
  void on_event(const event& happened) override;
  [[nodiscard]] std::uint64_t count(event_kind kind) const {
    return counts_[static_cast<std::size_t>(kind)];
  }
  /// The texts of the faults with this code.
  [[nodiscard]] std::vector<std::string> faults(fault_code code) const;

 private:
  std::array<std::atomic<std::uint64_t>, 64> counts_{};
  mutable std::mutex mutex_;
  std::multimap<fault_code, std::string> faults_;
};

/// The result of one call as text.
struct answer {
  std::string how{};     ///< to_string(served), or origin_failure, load_failed:why, refused:why
  std::string value{};   ///< the value of a served call; "absent" for none
  std::string text{};    ///< the text of the exception
  unsigned attempt = 0;  ///< from a load_failed
  duration retry_in{};   ///< from a load_failed
  std::exception_ptr thrown{};   ///< keeps `object` alive
  const void* object = nullptr;  ///< the exception object itself
};

/// The counts of many answers.
struct tally {
  std::map<std::string, unsigned> how{};
  std::map<std::string, unsigned> values{};
  std::set<std::string> texts{};
  std::set<const void*> objects{};

  void add(const answer& result);
  [[nodiscard]] unsigned count(const std::string& source) const;
  /// The number of calls that got `value`.
  [[nodiscard]] unsigned got(const std::string& value) const;
  [[nodiscard]] unsigned total() const;

  /// The counts as one line, without `texts` and `objects`. Values must not contain blanks.
  [[nodiscard]] std::string line() const;
  [[nodiscard]] static tally from_line(const std::string& line);
};

[[nodiscard]] tally count(const std::vector<answer>& answers);

/// Threads: any, except for the construction.
class cached_origin {
 public:
  cached_origin(shared_origin& origin, const cache_setup& setup);
  cached_origin(shared_origin& origin, cache_options options, client_options with);

  /// Calls `fetch` once. Catches all exceptions.
  [[nodiscard]] answer ask(std::string_view key, const call_options& limits = {});
  [[nodiscard]] std::uint64_t faults(fault_code code) const {
    return values.stats().faults[static_cast<std::size_t>(code)];
  }

  const std::shared_ptr<event_log> log = std::make_shared<event_log>();
  client redis;
  cache<std::string> values;
};

}  // namespace drover::test
