// SPDX-License-Identifier: MIT
// Measures the cost of an audit. The same load goes directly to the server, through the proxy as a
// plain pipe (the baseline), through the proxy with capture, through the whole auditor with all
// rules, and through the fault proxy with a fault that selects no request. They take turns in each
// round. Ratios are computed within a round against the baseline.
//
//   ./run bench audit [--tiny] [--rounds N] [--seconds S]
//
// Load, server and proxy always share the first two processors, so that the auditor's second thread
// competes with the others.
#include <sched.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "audit/engine/engine.hpp"
#include "audit/proxy/live_capture.hpp"
#include "audit/proxy/proxy.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit_load.hpp"
#include "closed_loop.hpp"
#include "fault/plan/spec_parser.hpp"
#include "fault/proxy/fault_proxy.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace drover;

/// A sink that passes records to an engine, or drops them.
class sink final : public audit::record_sink {
 public:
  explicit sink(bool judges) {
    if (judges) judge_ = std::make_unique<audit::engine>(audit::settings{}, audit::all_rules());
  }
  void take(audit::record& record) override {
    if (judge_) judge_->feed(record);
  }
  [[nodiscard]] std::uint64_t commands() const {
    return judge_ ? judge_->progress().commands.load() : 0;
  }

 private:
  std::unique_ptr<audit::engine> judge_;
};

/// One path from the load to the server.
class way {
 public:
  enum class kind { direct, floor, reading, judging, faulting };

  way(kind path_kind, std::uint16_t server_port) : path_kind_{path_kind}, port_{server_port} {
    if (path_kind == kind::direct) return;
    if (path_kind == kind::faulting) {
      inject_no_faults();
      return;
    }
    audit::proxy_settings with;
    with.server.port = server_port;
    if (path_kind != kind::floor) {
      sink_ = std::make_unique<sink>(path_kind == kind::judging);
      sight_ = std::make_unique<audit::live_capture>(audit::live_settings{}, *sink_);
      if (!sight_->start()) std::abort();
    }
    proxy_ = std::make_unique<audit::proxy>(std::move(with), sight_.get());
    const auto at = proxy_->start();
    if (!at) {
      std::fprintf(stderr, "%s\n", at.error().text.c_str());
      std::abort();
    }
    port_ = at->port;
  }
  ~way() {
    if (proxy_) proxy_->stop();
    if (sight_) sight_->stop();
    if (faults_) faults_->stop();
  }
  way(const way&) = delete;
  way& operator=(const way&) = delete;

  [[nodiscard]] const char* name() const {
    switch (path_kind_) {
      case kind::direct: return "straight to the server";
      case kind::floor: return "plain pipe (the floor)";
      case kind::reading: return "reading along";
      case kind::judging: return "the auditor, all rules";
      case kind::faulting: return "the fault proxy, no fault";
    }
    return "";
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Waits until nearly all of `commands` commands were captured.
  void wait_until_looked_at(std::uint64_t commands) const {
    constexpr std::uint64_t some = 10'000;
    while (sink_->commands() + some < commands)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  /// The percentage of keys that are not captured.
  [[nodiscard]] double left_out() const {
    if (!sight_) return 0;
    const auto counts = sight_->counts();
    const double share = 100.0 * (1.0 - counts.keys_per_million / double{audit::all_keys});
    return counts.lost > 0 ? std::max(share, 1e-3) : share;
  }

 private:
  /// Each request is compared with the fault, and no request is of this key.
  void inject_no_faults() {
    faults::fault_proxy_settings with;
    with.server.port = port_;
    with.specs = std::get<0>(faults::parse_script("delay time=1s key=nothing:*"));
    faults_ = std::make_unique<faults::fault_proxy>(std::move(with));
    const auto at = faults_->listen();
    if (!at) {
      std::fprintf(stderr, "%s\n", at.error().text.c_str());
      std::abort();
    }
    faults_->start();
    port_ = at->port;
  }

  kind path_kind_;
  std::uint16_t port_;
  std::unique_ptr<faults::fault_proxy> faults_;
  std::unique_ptr<sink> sink_;
  std::unique_ptr<audit::live_capture> sight_;
  std::unique_ptr<audit::proxy> proxy_;
};

struct column {
  std::vector<double> per_second;
  std::vector<double> p50_us;
  std::vector<double> p99_us;
  std::vector<double> cpu_us;
  std::vector<double> ratio;
  std::vector<double> more_us;
};

struct bench_options {
  unsigned rounds = 11;
  double seconds = 0.7;
};

void compare_ways(std::vector<std::unique_ptr<way>>& ways, unsigned connections,
                  const bench_options& options) {
  std::vector<column> columns(ways.size());
  for (unsigned round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      bench::load_plan plan;
      plan.port = ways[i]->port();
      plan.connections = connections;
      plan.length = std::chrono::duration<double>{options.seconds};
      const double cpu_before = bench::cpu_us();
      auto got = bench::run_load(plan);
      const double cpu = bench::cpu_us() - cpu_before;
      column& into = columns[i];
      into.per_second.push_back(got.per_second);
      into.p50_us.push_back(bench::percentile(got.took_ns, 0.5));
      into.p99_us.push_back(bench::percentile(got.took_ns, 0.99));
      into.cpu_us.push_back(cpu / static_cast<double>(got.took_ns.size()));
    }
    for (column& measured : columns) {
      measured.ratio.push_back(measured.per_second[round] / columns[1].per_second[round]);
      measured.more_us.push_back(measured.p50_us[round] - columns[1].p50_us[round]);
    }
  }
  std::printf("%5s  %-24s %11s %8s %8s %7s   %-18s %s\n", "conns", "", "requests/s", "p50 us",
              "p99 us", "cpu us", "of the floor", "p50 more   keys left out");
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const column& measured = columns[i];
    const auto [least, most] = std::minmax_element(measured.ratio.begin(), measured.ratio.end());
    std::printf("%5u  %-24s %11.0f %8.1f %8.1f %7.2f   %.3f [%.2f-%.2f]  %+7.1f   %.3g %%\n",
                connections, ways[i]->name(), bench::median(measured.per_second),
                bench::median(measured.p50_us), bench::median(measured.p99_us),
                bench::median(measured.cpu_us), bench::median(measured.ratio), *least, *most,
                bench::median(measured.more_us), ways[i]->left_out());
  }
  std::fflush(stdout);
}

/// The resident memory of this process, in MiB.
double resident_mib() {
  std::ifstream statm{"/proc/self/statm"};
  double all = 0;
  double resident = 0;
  statm >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20U);
}

/// Measures the memory for 200,000 keys, and shows that three times as many keys need little more.
/// The load is slow enough for the capture, because speed is not measured here.
void measure_memory(const test::redis_server& server, std::uint32_t keys) {
  const double before = resident_mib();
  way through{way::kind::judging, server.port()};
  std::printf("memory of the auditor: %.0f MiB with no key", resident_mib() - before);
  std::uint64_t sent_commands = 0;
  for (const std::uint32_t count : {keys, 3 * keys}) {
    bench::load_plan plan;
    plan.port = through.port();
    plan.connections = 1;
    bench::load_client client{plan, 1};
    std::string batch;
    for (std::uint32_t from = 0; from < count; from += 100) {
      batch.clear();
      for (std::uint32_t i = from; i < from + 100; ++i) {
        resp::write_command(batch, {"SET", "user:" + std::to_string(i), "value", "PX", "60000"});
      }
      client.exchange(batch, 100);
      through.wait_until_looked_at(sent_commands += 100);
    }
    std::printf(", %.0f MiB after %u keys", resident_mib() - before, count);
    std::fflush(stdout);
  }
  std::printf("; keys left out %.3g %%\n", through.left_out());
}

/// Limits this process to the first two processors that it may use. The server that it starts
/// inherits the limit.
void stay_on_two_processors() {
  cpu_set_t all;
  if (::sched_getaffinity(0, sizeof all, &all) != 0) return;
  cpu_set_t two;
  CPU_ZERO(&two);
  for (std::size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&two) < 2; ++i) {
    if (CPU_ISSET(i, &all)) CPU_SET(i, &two);
  }
  if (::sched_setaffinity(0, sizeof two, &two) != 0) std::perror("cannot pin");
}

}  // namespace

int main(int count, char** values) {
  bench_options how;
  bool tiny = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--tiny") tiny = true;
    if (name == "--rounds" && i + 1 < count)
      how.rounds = static_cast<unsigned>(std::atoi(values[++i]));
    if (name == "--seconds" && i + 1 < count) how.seconds = std::atof(values[++i]);
  }
  if (tiny) how = {1, 0.05};
  stay_on_two_processors();
  const test::redis_server server{{.tcp = true, .arguments = {}}};
  for (std::uint32_t i = 0; i < 1000; ++i) {
    server.command({"SET", "user:" + std::to_string(i), std::string(100, 'x')});
  }
  std::printf(
      "88 %% GET, 8 %% SET, 4 %% locks; values of 100 bytes, 1000 keys, TCP loopback; "
      "all on two processors; %u rounds of %.2f s, medians\n",
      how.rounds, how.seconds);
  {
    std::vector<std::unique_ptr<way>> ways;
    for (const auto path_kind : {way::kind::direct, way::kind::floor, way::kind::reading,
                                 way::kind::judging, way::kind::faulting}) {
      ways.push_back(std::make_unique<way>(path_kind, server.port()));
    }
    for (const unsigned connections : {1U, 50U}) compare_ways(ways, connections, how);
  }
  measure_memory(server, tiny ? 2'000 : 200'000);
  return 0;
}
