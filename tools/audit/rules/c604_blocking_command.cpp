// SPDX-License-Identifier: MIT
// C604: a command is used that stops the server for everybody while it runs.
#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// Applications prepare their data first: until so many commands have read something, or so long.
constexpr std::uint64_t reads_of_start = 20;
constexpr moment start_max = std::chrono::seconds{5};
/// An aggregate of so many members, sent as one reply.
constexpr std::int64_t members_max = 10'000;

struct culprit {
  std::string_view command;
  severity how_bad = severity::warning;
  std::string_view instead;
};

constexpr std::array<culprit, 9> culprits{{
    {"DEBUG SLEEP", severity::error, "nothing: it is made to stop the server"},
    {"DEBUG RELOAD", severity::error, "nothing: it is made for tests"},
    {"FLUSHALL", severity::error, "a version in the keys' prefix"},
    {"FLUSHDB", severity::error, "a version in the keys' prefix"},
    {"KEYS", severity::error, "SCAN with MATCH and COUNT"},
    {"SAVE", severity::error, "BGSAVE"},
    {"SHUTDOWN", severity::error, "nothing that an application should do"},
    {"SORT", severity::warning, "a sorted set, or sorting in the application"},
    {"SORT_RO", severity::warning, "a sorted set, or sorting in the application"},
}};

/// Commands whose reply is a whole collection.
constexpr std::array<culprit, 10> collections{{
    {"HGETALL", severity::warning, "HSCAN, or HMGET of what is needed"},
    {"HKEYS", severity::warning, "HSCAN"},
    {"HVALS", severity::warning, "HSCAN"},
    {"LRANGE", severity::warning, "LRANGE of a page"},
    {"SDIFF", severity::warning, "SSCAN"},
    {"SINTER", severity::warning, "SSCAN, or SINTERCARD"},
    {"SMEMBERS", severity::warning, "SSCAN"},
    {"SUNION", severity::warning, "SSCAN"},
    {"ZRANGE", severity::warning, "ZRANGE with LIMIT"},
    {"ZREVRANGE", severity::warning, "ZRANGE with LIMIT"},
}};

template <std::size_t Count>
const culprit* find_in(const std::array<culprit, Count>& all, std::string_view command) {
  const auto found = std::lower_bound(
      all.begin(), all.end(), command,
      [](const culprit& each, std::string_view name) { return each.command < name; });
  return found == all.end() || found->command != command ? nullptr : &*found;
}

class blocking_command final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C604"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::events | interest::of(op_kind::read);
  }

  void on_op(const op& what, const key_state& /*key*/, const rule_context& /*all*/) override {
    // Misses: hits come after them, as nothing is cached at the start.
    if (what.is_read() && ++reads_ == reads_of_start) started_ = true;
  }

  void on_event(const event& what, const rule_context& all) override {
    ++commands_;
    if (!began_) first_ = what.sent;
    began_ = true;
    const bool is_big =
        what.answer.kind == reply_kind::aggregate && what.answer.integer > members_max;
    const culprit* found = is_big ? find_in(collections, what.command) : nullptr;
    if (found == nullptr) found = find_in(culprits, what.command);
    if (found == nullptr || !what.executed) return;
    if (what.answer.kind == reply_kind::error) return;
    if (!started_ && what.sent - first_ < start_max) {
      ++at_start_;
      return;
    }
    add(*found, what, all);
  }

  void on_end(const rule_context& /*all*/, verdicts& out) override {
    std::uint64_t count = 0;
    for (auto& [command, of] : of_) {
      count += of.bad.count;
      pattern_state none;
      finding made = finding_of(id(), none, of.bad);
      made.keys.clear();
      made.pattern = command;
      made.opportunities = of.bad.count;
      made.how_bad = of.what->how_bad;
      made.how_sure = confidence::proof;
      made.message = command + " was sent " + counted(of.bad.count, "time", "times") +
                     "; the longest took " +
                     in_words(moment{static_cast<std::int64_t>(of.bad.worst())}) +
                     ". Instead: " + std::string{of.what->instead} + '.';
      out.found(std::move(made));
    }
    out.covered(id(),
                count > 0       ? coverage_line::status::fail
                : commands_ > 0 ? coverage_line::status::pass
                                : coverage_line::status::not_exercised,
                counted(commands_, "command", "commands") + ", " + in_words(count) +
                    " that stop the server" +
                    (at_start_ == 0 ? ""
                                    : ", and " + in_words(at_start_) +
                                          " while the application prepared its data"));
  }

 private:
  struct seen {
    const culprit* what = nullptr;
    cases bad;
  };

  void add(const culprit& found, const event& what, const rule_context& all) {
    seen& of = of_[std::string{found.command}];
    of.what = &found;
    const moment took = what.done - what.sent;
    of.bad.add(static_cast<double>(took.count()), [&] {
      evidence made;
      made.summary = what.command + " took " + in_words(took) + '.';
      made.key = what.command;
      made.from = what.sent;
      made.to = what.done;
      const connection_facts* const who = all.connections().find(what.connection);
      const auto& processes = all.connections().processes();
      moment_line line{what.sent, what.done, what.connection, {}, what.command};
      if (who != nullptr && who->process < processes.size()) {
        line.process = processes[who->process].shown;
      }
      if (what.answer.kind == reply_kind::aggregate) {
        line.text += " -> " + in_words(static_cast<std::uint64_t>(what.answer.integer)) + " values";
      }
      made.timeline.push_back(std::move(line));
      return made;
    });
  }

  std::map<std::string, seen> of_;  ///< by command: as many as are listed above
  std::uint64_t commands_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t at_start_ = 0;
  moment first_{};
  bool began_ = false;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<rule> make_c604() { return std::make_unique<blocking_command>(); }

}  // namespace drover::audit
