// SPDX-License-Identifier: MIT
// C604: the application uses a command that blocks the server while it runs.
#include <algorithm>
#include <array>
#include <map>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c604_text{
    .id = "C604",
    .name = "blocking-command",
    .usual_severity = severity::warning,
    .severity_note = "error for FLUSHALL, FLUSHDB, and for KEYS in the steady state",
    .summary = "The application uses a command that blocks the server while it runs.",
    .why =
        "KEYS scans every key, SMEMBERS of a million members and DEL of a big collection take "
        "long, and FLUSHALL makes everything cold at once. All other clients wait.",
    .left_alone =
        "the tool's own commands; the first seconds of a run, in which applications prepare their "
        "data.",
    .exercised_by = "any command",
    .advice =
        "Use SCAN instead of KEYS, UNLINK instead of DEL of big keys, and a version in the prefix "
        "instead of FLUSHALL or FLUSHDB.",
    .fix =
        "Replace KEYS by SCAN with MATCH and COUNT, or better by a set of the names. Replace DEL "
        "of big collections by UNLINK. Replace FLUSHALL and FLUSHDB by raising the version in the "
        "keys' prefix, so that old keys expire by their TTL.",
    .caching_rules = "12",
};

constexpr library_setting c604_settings[] = {
    {"Django",
     "`cache.clear()` sends FLUSHDB. Raise VERSION instead, or use `cache.delete_pattern` of "
     "django-redis (SCAN)"},
    {"Spring Data Redis",
     "use `BatchStrategies.scan(n)`: the default strategy clears a cache by KEYS"},
    {"Rails", "set `namespace:`: without it `Rails.cache.clear` sends FLUSHDB"},
};

/// The start of a run, in which applications prepare their data, lasts until this many misses or
/// for this time.
constexpr std::uint64_t reads_of_start = 20;
constexpr moment start_max = std::chrono::seconds{5};
/// A reply with more members than this is big.
constexpr std::int64_t members_max = 10'000;

struct culprit {
  std::string_view command;
  audit::severity severity = audit::severity::warning;
  std::string_view instead;
};

constexpr std::array<culprit, 9> culprits{{
    {"DEBUG SLEEP", severity::error, "nothing; it only blocks the server"},
    {"DEBUG RELOAD", severity::error, "nothing; it is for tests"},
    {"FLUSHALL", severity::error, "a version in the keys' prefix"},
    {"FLUSHDB", severity::error, "a version in the keys' prefix"},
    {"KEYS", severity::error, "SCAN with MATCH and COUNT"},
    {"SAVE", severity::error, "BGSAVE"},
    {"SHUTDOWN", severity::error, "nothing; an application should not stop the server"},
    {"SORT", severity::warning, "a sorted set, or sorting in the application"},
    {"SORT_RO", severity::warning, "a sorted set, or sorting in the application"},
}};

/// Commands whose reply is a whole collection.
constexpr std::array<culprit, 10> collections{{
    {"HGETALL", severity::warning, "HSCAN, or HMGET of the required fields"},
    {"HKEYS", severity::warning, "HSCAN"},
    {"HVALS", severity::warning, "HSCAN"},
    {"LRANGE", severity::warning, "LRANGE of one page"},
    {"SDIFF", severity::warning, "SSCAN"},
    {"SINTER", severity::warning, "SSCAN, or SINTERCARD"},
    {"SMEMBERS", severity::warning, "SSCAN"},
    {"SUNION", severity::warning, "SSCAN"},
    {"ZRANGE", severity::warning, "ZRANGE with LIMIT"},
    {"ZREVRANGE", severity::warning, "ZRANGE with LIMIT"},
}};

template <std::size_t Count>
const culprit* find_in(const std::array<culprit, Count>& list, std::string_view command) {
  const auto position = std::lower_bound(
      list.begin(), list.end(), command,
      [](const culprit& culprit, std::string_view name) { return culprit.command < name; });
  return position == list.end() || position->command != command ? nullptr : &*position;
}

class blocking_command final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c604_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::events | interest::ops(op_kind::read);
  }

  void on_op(const op& operation, const key_state& /*key*/,
             const rule_context& /*context*/) override {
    // The rule receives only misses. Hits come later, because nothing is cached at the start.
    if (operation.is_read() && ++reads_ == reads_of_start) is_past_start_ = true;
  }

  void on_event(const event& event, const rule_context& context) override {
    ++commands_;
    if (!has_begun_) first_sent_ = event.sent;
    has_begun_ = true;
    const bool is_big =
        event.answer.kind == reply_kind::aggregate && event.answer.integer > members_max;
    const culprit* culprit = is_big ? find_in(collections, event.command) : nullptr;
    if (culprit == nullptr) culprit = find_in(culprits, event.command);
    if (culprit == nullptr || !event.executed) return;
    if (event.answer.kind == reply_kind::error) return;
    if (!is_past_start_ && event.sent - first_sent_ < start_max) {
      ++at_start_;
      return;
    }
    add(*culprit, event, context);
  }

  void on_end(const rule_context& /*context*/, verdicts& out) override {
    std::uint64_t count = 0;
    for (auto& [command, tally] : tallies_) {
      count += tally.bad.count;
      pattern_state none;
      finding result = finding_of(id(), none, tally.bad);
      result.keys.clear();
      result.pattern = command;
      result.opportunities = tally.bad.count;
      result.severity = tally.entry->severity;
      result.confidence = confidence::proof;
      result.message = command + " was sent " + counted(tally.bad.count, "time", "times") +
                       "; the longest took " +
                       in_words(moment{static_cast<std::int64_t>(tally.bad.worst())}) +
                       ". Use instead: " + std::string{tally.entry->instead} + '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(count, commands_),
                     counted(commands_, "command", "commands") + ", " + in_words(count) +
                         " that block the server" +
                         (at_start_ == 0 ? ""
                                         : ", and " + in_words(at_start_) +
                                               " while the application prepared its data"));
  }

 private:
  struct command_tally {
    const culprit* entry = nullptr;
    cases bad;
  };

  void add(const culprit& culprit, const event& event, const rule_context& context) {
    command_tally& tally = tallies_[std::string{culprit.command}];
    tally.entry = &culprit;
    const moment duration = event.done - event.sent;
    tally.bad.add(static_cast<double>(duration.count()), [&] {
      evidence proof;
      proof.summary = event.command + " took " + in_words(duration) + '.';
      proof.key = event.command;
      proof.from = event.sent;
      proof.to = event.done;
      const connection_facts* const connection = context.connections().find(event.connection);
      const auto& processes = context.connections().processes();
      moment_line line{event.sent, event.done, event.connection, {}, event.command};
      if (connection != nullptr && connection->process < processes.size()) {
        line.process = processes[connection->process].label;
      }
      if (event.answer.kind == reply_kind::aggregate) {
        line.text +=
            " -> " + in_words(static_cast<std::uint64_t>(event.answer.integer)) + " values";
      }
      proof.timeline.push_back(std::move(line));
      return proof;
    });
  }

  /// By command. Bounded by the two lists above.
  std::map<std::string, command_tally> tallies_;
  std::uint64_t commands_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t at_start_ = 0;
  moment first_sent_{};
  bool has_begun_ = false;
  bool is_past_start_ = false;
};

}  // namespace

rule_definition c604() { return {c604_text, c604_settings, make_rule<blocking_command>}; }

}  // namespace drover::audit
