// SPDX-License-Identifier: MIT
// A process of a fleet, with its own cache in front of the shared origin. test/support/worker.hpp
// sends its commands and reads its output.
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/cached_origin.hpp"
#include "support/crowd.hpp"
#include "support/history.hpp"
#include "support/shared_origin.hpp"

namespace drover::test {
namespace {

std::uint64_t stat(const cache_stats& now, const std::string& name) {
  static const std::map<std::string, std::uint64_t cache_stats::*> fields{
      {"hits", &cache_stats::hits},
      {"stale_served", &cache_stats::stale_served},
      {"misses", &cache_stats::misses},
      {"loads", &cache_stats::loads},
      {"refreshes", &cache_stats::refreshes},
      {"bypasses", &cache_stats::bypasses},
      {"joins", &cache_stats::joins},
      {"failures", &cache_stats::failures},
      {"fills", &cache_stats::fills},
      {"fills_refused", &cache_stats::fills_refused},
      {"leases_granted", &cache_stats::leases_granted},
      {"leases_lost", &cache_stats::leases_lost},
      {"take_overs", &cache_stats::take_overs},
  };
  if (name == "unsupported") return now.faults[static_cast<std::size_t>(fault_code::unsupported)];
  return now.*fields.at(name);
}

class process {
 public:
  process(const std::string& origin_path, const cache_setup& setup)
      : origin_{origin_path}, cached_{origin_, setup} {}

  /// Runs one command. Returns the line to print; empty: print nothing.
  std::string obey(const std::string& line) {
    std::istringstream in{line};
    std::string word;
    std::string key;
    in >> word;
    if (word == "poise") {
      unsigned threads = 0;
      in >> threads >> key;
      crowd_ = std::make_unique<crowd>(threads, [this, key](unsigned) { return cached_.ask(key); });
      return "poised";
    }
    if (word == "go") {
      crowd_->go();
      return crowd_->result().line();
    }
    if (word == "invalidate") {
      in >> key;
      const result<void> done = cached_.values.invalidate(key);
      return done ? "acknowledged" : "unknown " + done.error().text;
    }
    if (word == "stat") {
      in >> key;
      return std::to_string(stat(cached_.values.stats(), key));
    }
    if (word == "events") {
      unsigned kind = 0;
      in >> kind;
      return std::to_string(cached_.log->count(static_cast<event_kind>(kind)));
    }
    if (word == "mix") {
      mixture plan;
      in >> plan.seed >> plan.run_ms >> plan.keys >> plan.threads >> plan.history_path;
      mix(cached_, origin_, plan);
      return "mixed";
    }
    return "what?";
  }

 private:
  shared_origin origin_;
  cached_origin cached_;
  std::unique_ptr<crowd> crowd_;
};

}  // namespace
}  // namespace drover::test

int main(int count, char** arguments) {
  const std::vector<std::string> options(arguments + 1, arguments + count);
  if (options.size() < 2) return 2;
  drover::test::process self{
      options[0], drover::test::cache_setup::from_arguments(std::span{options}.subspan(1))};
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::cout << self.obey(line) << std::endl;
  }
  return 0;
}
