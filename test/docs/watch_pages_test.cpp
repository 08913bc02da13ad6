// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/metrics.md, and that docs/how-to/operate.md explains every event
// and every counter.
#include <drover/cache.hpp>
#include <drover/prometheus.hpp>
#include <drover/stderr_observer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <string_view>

#include "support/cached_origin.hpp"
#include "support/document.hpp"
#include "support/redis_server.hpp"

namespace drover::test::watch_pages_test {
namespace {

using namespace std::chrono_literals;

// The page that Prometheus requests. Send it with the header
// "Content-Type: " + drover::prometheus_text::content_type.
std::string metrics_page(const drover::client& redis, const drover::cache<std::string>& users,
                         const drover::cache<int>& visits) {
  drover::prometheus_text metrics;
  metrics.add("user", users.stats());
  metrics.add("visits", visits.stats());
  metrics.add("redis", redis.availability());
  return metrics.text();
}

// Sums up load times by outcome. It only adds to atomic numbers, so it is short and thread-safe.
class load_times : public drover::observer {
 public:
  void on_event(const drover::event& event) override {
    if (event.kind == drover::event_kind::load_finished) add(finished_, event);
    if (event.kind == drover::event_kind::load_failed) add(failed_, event);
  }

  struct sum {
    std::atomic<std::uint64_t> loads{0};
    std::atomic<std::uint64_t> total_ms{0};
  };
  const sum& finished() const { return finished_; }
  const sum& failed() const { return failed_; }

 private:
  static void add(sum& to, const drover::event& event) {
    ++to.loads;
    to.total_ms += static_cast<std::uint64_t>(event.took.count());
  }

  sum finished_;
  sum failed_;
};

TEST(metrics_page, ShowsTheCountersAsText) {
  const redis_server server;
  const auto times = std::make_shared<load_times>();
  client_options options = cache_setup{.url = server.url()}.client();
  options.event_observer = times;
  client redis{options};
  drover::cache<std::string> users{redis,
                                   {.name = "user", .policy = {.ttl = 60s}},
                                   [](std::string_view key) { return std::string{key}; }};
  static_cast<void>(users.get("42"));
  static_cast<void>(users.get("42"));
  drover::cache<int> visits{
      redis, {.name = "visits", .policy = {.ttl = 60s}}, [](std::string_view) { return 7; }};
  const std::string text = metrics_page(redis, users, visits);
  for (const char* line : {"drover_cache_hits_total{cache=\"user\"} 1\n",
                           "drover_cache_loads_total{cache=\"user\"} 1\n",
                           "drover_cache_loads_total{cache=\"visits\"} 0\n",
                           "drover_cache_wait_seconds_bucket{cache=\"user\",le=\"+Inf\"} 0\n",
                           "drover_client_state{client=\"redis\",state=\"available\"} 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  EXPECT_EQ(times->finished().loads, 1U);
  EXPECT_EQ(times->failed().loads, 0U);
}

TEST(metrics_page, AnObserverWritesToStderr) {
  const redis_server server;
  const std::string url = server.url();
  drover::client_options options{.url = url, .event_observer = drover::stderr_observer()};
  EXPECT_NE(options.event_observer, nullptr);
}

/// The first cells of all table rows of a page, without their backquotes.
std::set<std::string> row_names(const std::string& page) {
  std::set<std::string> names;
  const std::regex row{"\n\\| `([a-z_]+)` \\|"};
  for (std::sregex_iterator at{page.begin(), page.end(), row}, end; at != end; ++at) {
    names.insert((*at)[1]);
  }
  return names;
}

TEST(operate_page, ExplainsEveryEvent) {
  const std::set<std::string> explained = row_names(document("docs/how-to/operate.md"));
  std::size_t kinds = 0;
  for (; to_string(static_cast<event_kind>(kinds)) != "unknown"; ++kinds) {
    const std::string name{to_string(static_cast<event_kind>(kinds))};
    EXPECT_EQ(explained.count(name), 1U) << name;
  }
  EXPECT_GE(kinds, 25U);
}

TEST(operate_page, ExplainsEveryCounter) {
  const std::set<std::string> explained = row_names(document("docs/how-to/operate.md"));
  const std::string header = document("include/drover/stats.hpp");
  const std::regex counter{
      R"re(std::(?:uint64_t|array<std::uint64_t, [a-z_]+>) ([a-z_]+)(?:\s*=\s*0;|\{\};))re"};
  std::size_t counters = 0;
  for (std::sregex_iterator at{header.begin(), header.end(), counter}, end; at != end; ++at) {
    ++counters;
    EXPECT_EQ(explained.count((*at)[1]), 1U) << (*at)[1];
  }
  EXPECT_GE(counters, 26U);
}

}  // namespace
}  // namespace drover::test::watch_pages_test
