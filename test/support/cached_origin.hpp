// SPDX-License-Identifier: MIT
// A cache in front of a shared_origin, as a test sets it up and as a worker process sets up the
// same.
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

/// A policy without chance in it: nothing early, nothing shortened.
[[nodiscard]] policy plain_policy();

struct cache_setup {
  std::string url{};
  std::string name = "t";
  drover::policy policy = plain_policy();
  /// For a connection and for a byte from the server. Long, since a machine that is busy is no
  /// fault of the server's.
  duration patience = std::chrono::seconds{20};

  [[nodiscard]] client_options client() const;
  [[nodiscard]] std::vector<std::string> arguments() const;
  [[nodiscard]] static cache_setup from_arguments(std::span<const std::string> arguments);
};

/// Counts events, and keeps the texts of faults.
class event_log : public observer {
 public:
  void on_event(const event& happened) override;
  [[nodiscard]] std::uint64_t count(event_kind kind) const {
    return counts_[static_cast<std::size_t>(kind)];
  }
  /// The texts of the faults of a class.
  [[nodiscard]] std::vector<std::string> faults(fault_code code) const;

 private:
  std::array<std::atomic<std::uint64_t>, 64> counts_{};
  mutable std::mutex mutex_;
  std::multimap<fault_code, std::string> faults_;
};

/// How one call ended, in words.
struct answer {
  std::string how{};     ///< as to_string(served), or origin_failure, load_failed:why, refused:why
  std::string value{};   ///< of a served one; "absent" for none
  std::string text{};    ///< of what was thrown
  unsigned attempt = 0;  ///< of a load_failed
  duration retry_in{};   ///< of a load_failed
  std::exception_ptr thrown{};   ///< keeps `object` alive
  const void* object = nullptr;  ///< the exception object itself
};

/// Many answers, counted.
struct tally {
  std::map<std::string, unsigned> how{};
  std::map<std::string, unsigned> values{};
  std::set<std::string> texts{};
  std::set<const void*> objects{};

  void add(const answer& one);
  [[nodiscard]] unsigned count(const std::string& source) const;
  /// How many got `value`.
  [[nodiscard]] unsigned got(const std::string& value) const;
  [[nodiscard]] unsigned total() const;

  /// One line without `texts` and `objects`. Values must not hold blanks.
  [[nodiscard]] std::string line() const;
  [[nodiscard]] static tally from_line(const std::string& line);
};

[[nodiscard]] tally count(const std::vector<answer>& answers);

/// Threads: any, but construction.
class cached_origin {
 public:
  cached_origin(shared_origin& origin, const cache_setup& setup);
  cached_origin(shared_origin& origin, cache_options options, client_options with);

  /// One `fetch`; whatever it throws is caught.
  [[nodiscard]] answer ask(std::string_view key, const call_options& limits = {});
  [[nodiscard]] std::uint64_t faults(fault_code code) const {
    return values.stats().faults[static_cast<std::size_t>(code)];
  }

  const std::shared_ptr<event_log> log = std::make_shared<event_log>();
  client redis;
  cache<std::string> values;
};

}  // namespace drover::test
