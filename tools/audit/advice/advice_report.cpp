// SPDX-License-Identifier: MIT
#include "audit/advice/advice_report.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

#include "audit/capture/key_share.hpp"
#include "text/json_writer.hpp"
#include "text/text_layout.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t name_columns_max = 80;

double milliseconds(moment time) { return static_cast<double>(time.count()) / 1000; }

std::string time_in_words(moment time, const char* if_zero) {
  return time == moment{} ? if_zero : text::in_words(std::chrono::nanoseconds{time});
}

std::string percent(double share) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.0f %%", share * 100);
  return digits;
}

std::string saved_in_words(std::uint64_t recorded, std::uint64_t predicted) {
  std::string out = text::counted(recorded, "load", "loads") + " recorded, " +
                    text::in_words(predicted) + " predicted";
  if (predicted < recorded) {
    out += ": " + text::in_words(recorded - predicted) + " saved (" +
           percent(static_cast<double>(recorded - predicted) / static_cast<double>(recorded)) + ")";
  }
  return out;
}

void append_pattern(std::string& out, const pattern_advice& advice) {
  using enum text::align;
  out += '\n' + text::visible(advice.pattern, name_columns_max) + ": " +
         text::counted(advice.keys, "key", "keys") + ", " +
         text::counted(advice.reads, "read", "reads") + "; " +
         saved_in_words(advice.loads, advice.predicted.loads) + '\n';
  text::table table{{left, left, left}};
  table.add({{"  setting"}, {"recorded"}, {"recommended"}});
  table.add({{"  ttl"},
             {time_in_words(advice.ttl, "none")},
             {time_in_words(advice.settings.ttl, "none")}});
  table.add({{"  jitter"},
             {"+-" + percent(advice.ttl_spread)},
             {"+-" + percent(advice.settings.jitter)}});
  table.add(
      {{"  early refresh"},
       {"-"},
       {advice.settings.early_refresh == moment{}
            ? "not needed"
            : "in the last " + time_in_words(advice.settings.early_refresh, "") + " of the ttl"}});
  table.add({{"  lease"}, {"-"}, {time_in_words(advice.lease, "not needed")}});
  table.add({{"  load, median"}, {time_in_words(advice.load_median, "unknown")}, {""}});
  table.add({{"  load, p99"}, {time_in_words(advice.load_p99, "unknown")}, {""}});
  out += table.text(text::terminal{});
  for (const std::string& reason : advice.reasons) out += "  " + reason + ".\n";
}

}  // namespace

std::string advice_text(const advised_recording& advised) {
  std::string out = "Advice for " + advised.file + " (" +
                    text::in_words(std::chrono::nanoseconds{advised.length});
  if (advised.keys_per_million < all_keys) {
    out += ", " + percent(static_cast<double>(advised.keys_per_million) / all_keys) +
           " of the keys; no count is scaled up";
  }
  out += ")\n";
  if (advised.patterns.empty()) {
    return out + "No key was loaded and stored as a cached value, so there is nothing to advise.\n";
  }
  std::uint64_t recorded = 0;
  std::uint64_t predicted = 0;
  for (const pattern_advice& advice : advised.patterns) {
    recorded += advice.loads;
    predicted += advice.predicted.loads;
  }
  out += saved_in_words(recorded, predicted) + ".\n";
  if (advised.reads_left_out > 0) {
    out += text::in_words(advised.reads_left_out) +
           " reads were left out; record with --sample to keep fewer keys completely.\n";
  }
  for (const pattern_advice& advice : advised.patterns) append_pattern(out, advice);
  out +=
      "\nThe prediction replays the recorded reads with the recommended settings. It does not "
      "know\nhow long a value may be stale: choose a shorter ttl if it must be fresher.\n";
  return out;
}

std::string advice_json(const advised_recording& advised) {
  text::json_writer out;
  out.begin_object().field("version", std::uint64_t{1});
  out.field("recording", advised.file).field("length_ms", milliseconds(advised.length));
  out.field("keys_per_million", std::uint64_t{advised.keys_per_million});
  out.field("reads_left_out", advised.reads_left_out);
  out.name("patterns").begin_array();
  for (const pattern_advice& advice : advised.patterns) {
    out.begin_object().field("pattern", advice.pattern);
    out.field("keys", std::uint64_t{advice.keys}).field("reads", advice.reads);
    out.name("recorded").begin_object().field("loads", advice.loads);
    out.field("load_median_ms", milliseconds(advice.load_median));
    out.field("load_p99_ms", milliseconds(advice.load_p99));
    out.field("ttl_ms", milliseconds(advice.ttl)).field("ttl_spread", advice.ttl_spread);
    out.end_object().name("recommended").begin_object();
    out.field("ttl_ms", milliseconds(advice.settings.ttl));
    out.field("jitter", advice.settings.jitter);
    out.field("early_refresh_ms", milliseconds(advice.settings.early_refresh));
    out.field("lease_ms", milliseconds(advice.lease));
    out.end_object().name("reasons").begin_array();
    for (const std::string& reason : advice.reasons) out.value(reason);
    out.end_array().name("predicted").begin_object().field("loads", advice.predicted.loads);
    out.field("early", advice.predicted.early).field("waited", advice.predicted.waited);
    out.end_object().end_object();
  }
  out.end_array().end_object();
  return std::move(out).text();
}

}  // namespace drover::audit
