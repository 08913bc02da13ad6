// SPDX-License-Identifier: MIT
#include "audit/run/advise.hpp"

#include <cstdio>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "audit/advice/advice_report.hpp"
#include "audit/advice/demand_watch.hpp"
#include "audit/engine/engine.hpp"
#include "audit/run/exit_code.hpp"
#include "audit/run/replay.hpp"
#include "text/report_file.hpp"

namespace drover::audit {
namespace {

class demand_engine final : public record_sink {
 public:
  explicit demand_engine(const std::shared_ptr<recorded_demand>& into)
      : engine_{settings{}, rules_with(watch_demand(into))} {}
  void take(record& item) override { engine_.feed(item); }
  [[nodiscard]] audit_result finish() { return engine_.finish(); }

 private:
  static std::vector<std::unique_ptr<rule>> rules_with(std::unique_ptr<rule> only) {
    std::vector<std::unique_ptr<rule>> rules;
    rules.push_back(std::move(only));
    return rules;
  }

  engine engine_;
};

}  // namespace

int run_advise(const advise_options& options) {
  std::deque<text::report_file> files;
  for (const auto& report : options.reports) files.emplace_back(report.out);
  const auto demand = std::make_shared<recorded_demand>();
  demand_engine engine{demand};
  const std::string note = replay(options.recording, engine, "");
  if (!note.empty()) std::fprintf(stderr, "drover: %s\n", note.c_str());
  const audit_result result = engine.finish();
  advised_recording advised{
      .file = options.recording.string(),
      .length = result.run.length,
      .keys_per_million = static_cast<std::uint32_t>(result.run.sampled_share * all_keys + 0.5),
      .reads_left_out = demand->reads_left_out,
      .patterns = advise(*demand)};
  auto file = files.begin();
  try {
    for (const auto& report : options.reports) {
      (file++)->write(report.format == advice_format::json ? advice_json(advised)
                                                           : advice_text(advised));
    }
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return exit_tool_error;
  }
  return exit_clean;
}

}  // namespace drover::audit
