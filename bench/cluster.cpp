// SPDX-License-Identifier: MIT
// Compares a hit at a single server with a hit in clusters of 1, 2 and 3 primaries, each through
// one client: the calls a second, and the processor time of this process for each call. The systems
// take turns in each round.
//
//   ./run bench cluster [--tiny] [--size BYTES] [--rounds N] [--seconds S] [--threads 1,8,64]
//
// Client and servers share the processors of one machine. More primaries can serve more calls only
// if there are processors for them: on two, this shows what a cluster costs the client.
#include <drover/cache.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "closed_loop.hpp"
#include "hit_arguments.hpp"
#include "support/cluster_servers.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace std::chrono_literals;

using drover::bench::key_of;
using arguments = drover::bench::hit_arguments;

arguments parse(int count, char** values) {
  arguments out{.usage = "[--tiny] [--size BYTES] [--rounds N] [--seconds S] [--threads 1,8,64]",
                .rounds = 9};
  for (int i = 1; i < count; ++i) drover::bench::read_argument(out, count, values, i);
  return out;
}

/// A client and its cache, in which all keys are stored.
struct filled_cache {
  filled_cache(std::string shown_name, const std::string& url, const arguments& with)
      : name{std::move(shown_name)},
        // Hits must not become bypasses.
        redis{drover::client_options{.url = url, .connect_max = 10s, .silence_max = 10s}},
        users{redis,
              {.name = "user", .policy = {.ttl = 24h}},
              [value = std::string(with.size, 'x')](std::string_view) { return value; }} {
    for (std::uint32_t i = 0; i < with.keys; ++i) {
      if (users.get(key_of(i))->size() != with.size) std::abort();
    }
    loads = users.stats().loads;
  }

  [[nodiscard]] drover::bench::contender contender(const arguments& with) {
    return {name, [this, &with](unsigned) -> drover::bench::one_call {
              return [this, &with](std::uint32_t number) {
                if (users.get(key_of(number))->size() != with.size) std::abort();
              };
            }};
  }
  [[nodiscard]] bool has_only_hit() const { return users.stats().loads == loads; }

  std::string name;
  drover::client redis;
  drover::cache<std::string> users;
  std::uint64_t loads = 0;
};

}  // namespace

int main(int count, char** values) {
  const arguments with = parse(count, values);
  const drover::test::redis_server server{{.tcp = true}};
  std::vector<std::unique_ptr<drover::test::cluster_servers>> clusters;
  std::vector<std::unique_ptr<filled_cache>> caches;
  caches.push_back(std::make_unique<filled_cache>("a single server", server.tcp_url(), with));
  for (unsigned primaries = 1; primaries <= 3; ++primaries) {
    clusters.push_back(
        std::make_unique<drover::test::cluster_servers>(drover::test::cluster_servers::options{
            .primaries = primaries, .replicas_each = 0, .node_timeout = 60s}));
    caches.push_back(std::make_unique<filled_cache>(
        "a cluster, primaries: " + std::to_string(primaries), clusters.back()->url(), with));
  }
  std::printf("GET of %zu bytes, %u keys, TCP loopback, %u rounds of %.2f s each, in turn\n",
              with.size, with.keys, with.rounds, with.seconds);
  std::vector<drover::bench::contender> all;
  for (const auto& cache : caches) all.push_back(cache->contender(with));
  drover::bench::compare(all, with.threads, with.keys, with.rounds,
                         std::chrono::duration<double>{with.seconds});
  for (const auto& cache : caches) {
    if (cache->has_only_hit()) continue;
    std::fprintf(stderr, "%s: the cache loaded during the benchmark: it did not measure hits\n",
                 cache->name.c_str());
    return 1;
  }
  return 0;
}
