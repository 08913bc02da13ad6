// SPDX-License-Identifier: MIT
#include "world/play/report.hpp"

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace drover::world {
namespace {

// The rarest overlap is reached about three times in a thousand schedules. A tenth of that is too
// little, and fewer schedules say nothing.
constexpr std::uint64_t schedules_for_each_overlap = 3'000;
constexpr std::uint64_t fewest_schedules = 5'000;

}  // namespace

double rate_of(const tally& sum) noexcept {
  return sum.processor_seconds > 0 ? static_cast<double>(sum.schedules) / sum.processor_seconds : 0;
}

std::vector<std::string_view> missing_overlaps(const tally& sum) {
  std::vector<std::string_view> missing;
  if (sum.schedules < fewest_schedules) return missing;
  for (std::size_t i = 0; i < overlap_count; ++i) {
    const auto counted = static_cast<overlap>(i);
    if (sum.seen.of(counted) < sum.schedules / schedules_for_each_overlap)
      missing.push_back(name_of(counted));
  }
  return missing;
}

void print_summary(const tally& sum) {
  std::printf("%" PRIu64 " schedules, %" PRIu64 " calls, %" PRIu64 " steps, %" PRIu64
              " carried out twice\n",
              sum.schedules, sum.calls, sum.steps, sum.repeated);
  std::printf("%.0f schedules a second and core\n", rate_of(sum));
  for (std::size_t i = 0; i < overlap_count; ++i) {
    const auto counted = static_cast<overlap>(i);
    const std::string name{name_of(counted)};
    std::printf("  %-32s %12" PRIu64 "\n", name.c_str(), sum.seen.of(counted));
  }
  for (const failed_schedule& failure : sum.failures) {
    std::printf("seed %" PRIu64 ": %s: %s\n", failure.seed, failure.first.rule.c_str(),
                failure.first.text.c_str());
  }
  for (const std::string_view missing : missing_overlaps(sum))
    std::printf("NO EVIDENCE: too rarely reached: %.*s\n", static_cast<int>(missing.size()),
                missing.data());
  std::printf("%" PRIu64 " violations\n", sum.failed);
}

void write_report(const std::string& path, std::uint64_t first_seed, const tally& sum) {
  nlohmann::ordered_json out;
  out["first_seed"] = first_seed;
  out["schedules"] = sum.schedules;
  out["violations"] = sum.failed;
  out["carried_out_twice"] = sum.repeated;
  out["seeds_given"] = sum.seeds_given;
  out["steps"] = sum.steps;
  out["calls"] = sum.calls;
  out["processor_seconds"] = sum.processor_seconds;
  out["seconds"] = sum.wall_seconds;
  out["schedules_per_second_and_core"] = rate_of(sum);
  for (std::size_t i = 0; i < overlap_count; ++i) {
    const auto counted = static_cast<overlap>(i);
    out["overlaps"][std::string{name_of(counted)}] = sum.seen.of(counted);
  }
  out["failures"] = nlohmann::ordered_json::array();
  for (const failed_schedule& failure : sum.failures) {
    out["failures"].push_back(
        {{"seed", failure.seed}, {"rule", failure.first.rule}, {"text", failure.first.text}});
  }
  // A reader never sees half a report.
  const std::string fresh = path + ".new";
  std::ofstream file{fresh};
  file << out.dump(2) << '\n';
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(fresh, path, error);
  if (!file || error) throw std::runtime_error{"the report cannot be written to " + path};
}

tally read_report(const std::string& path) {
  std::ifstream file{path};
  if (!file) throw std::runtime_error{"no report at " + path + "; without --resume one is begun"};
  try {
    const auto in = nlohmann::json::parse(file);
    tally sum;
    sum.schedules = in.at("schedules");
    sum.failed = in.at("violations");
    sum.repeated = in.at("carried_out_twice");
    sum.seeds_given = in.at("seeds_given");
    sum.steps = in.at("steps");
    sum.calls = in.at("calls");
    sum.processor_seconds = in.at("processor_seconds");
    sum.wall_seconds = in.at("seconds");
    for (std::size_t i = 0; i < overlap_count; ++i) {
      const auto counted = static_cast<overlap>(i);
      sum.seen.add(counted, in.at("overlaps").at(std::string{name_of(counted)}));
    }
    for (const auto& failure : in.at("failures"))
      sum.failures.push_back({failure.at("seed"), {failure.at("rule"), failure.at("text")}});
    return sum;
  } catch (const nlohmann::json::exception& wrong) {
    throw std::runtime_error{path + " is not a report of drover-world: " + wrong.what()};
  }
}

}  // namespace drover::world
