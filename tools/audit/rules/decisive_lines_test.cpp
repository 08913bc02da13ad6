// SPDX-License-Identifier: MIT
// Each line that the text of a finding names is in its evidence, in the reports and in the prompt
// for the fix, however many other commands there are.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/catalogue.hpp"
#include "audit/rules/evidence_text.hpp"

namespace drover::audit::decisive_lines_test {
namespace {

using namespace testing;
using std::chrono::microseconds;

constexpr const char* lock = "lock:user:42";

/// The decisive lines of the first case of a finding, as "client: text".
std::vector<std::string> decisive_lines(const audit_result& result, std::string_view rule) {
  std::vector<std::string> texts;
  const finding* const found = find_finding(result, rule);
  if (found == nullptr || found->evidence_list.empty()) return texts;
  for (const moment_line& line : found->evidence_list[0].timeline) {
    if (line.decisive) texts.push_back(std::to_string(line.connection) + ": " + line.text);
  }
  return texts;
}

bool has_line(const std::vector<std::string>& lines, std::string_view begin) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.starts_with(begin); });
}

#define EXPECT_DECISIVE(result, rule, begin)                 \
  EXPECT_TRUE(has_line(decisive_lines(result, rule), begin)) \
      << rule << ": " << testing_text(decisive_lines(result, rule))

std::string testing_text(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += '\n' + line;
  return all;
}

/// Many others change the value, so that a bounded timeline has no room for all of that.
void crowd(stage& world, microseconds from, microseconds step) {
  for (int i = 0; i < 60; ++i) {
    world.at(from + step * i).client(50).expire(user, 60s).answers(1);
  }
}

/// The holder's lease of 100 ms ends, and client 2 takes the lock. Client 1 stores and comes back.
stage outlived(bool is_deleted) {
  stage world;
  for (int turn = 1; turn <= 3; ++turn) {
    const microseconds begin = 1s * turn;
    const std::string token = std::to_string(turn);
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 1ms).client(2).get(user).miss();
    world.at(begin + 2ms).client(1).set(lock, "a" + token).nx().px(100ms).ok();
    world.at(begin + 4ms).client(2).set(lock, "b" + token).nx().px(100ms).nil();
    crowd(world, begin + 5ms, 1ms);
    world.at(begin + 104ms).client(2).set(lock, "b" + token).nx().px(100ms).ok();
    crowd(world, begin + 106ms, 700us);
    world.at(begin + 149ms).client(1).set(user, "late").px(500ms).ok();
    if (is_deleted) {
      world.at(begin + 150ms).client(1).del(lock).answers(1);
      world.at(begin + 190ms).client(2).del(lock).answers(0);
    } else {
      world.at(begin + 150ms).client(1).compare_and_delete(lock, "a" + token).answers(0);
      world.at(begin + 190ms).client(2).compare_and_delete(lock, "b" + token).answers(1);
    }
    world.at(begin + 195ms).client(2).set(user, "v").px(500ms).ok();
  }
  return world;
}

TEST(audit_decisive_lines, NameTheSecondWinnerAndTheLateStore) {
  const audit_result result = outlived(false).judged_by(all_rules());
  for (const char* rule : {"C207", "C212"}) {
    EXPECT_DECISIVE(result, rule, "1: SET lock:user:42");
    EXPECT_DECISIVE(result, rule, "2: SET lock:user:42");
    EXPECT_DECISIVE(result, rule, "1: SET user:42");
  }
}

TEST(audit_decisive_lines, NameTheForeignDeleteAndItsVictim) {
  const audit_result result = outlived(true).judged_by(all_rules());
  EXPECT_DECISIVE(result, "C206", "2: SET lock:user:42");
  EXPECT_DECISIVE(result, "C206", "1: DEL lock:user:42");
}

TEST(audit_decisive_lines, NameTheSetThatIsAccused) {
  stage world;
  for (int turn = 1; turn <= 3; ++turn) {
    const microseconds begin = 1s * turn;
    for (std::uint64_t i = 1; i <= 2; ++i) {
      world.at(begin + 1ms * i).client(i).get(user).miss();
      world.at(begin + 3ms + 1ms * i).client(i).exists(lock).answers(0);
      world.at(begin + 6ms + 1ms * i).client(i).set(lock, "1").px(5s).ok();
      world.at(begin + 50ms + 1ms * i).client(i).set(user, "v").px(60s).ok();
      world.at(begin + 60ms + 1ms * i).client(i).del(lock).answers(2 - static_cast<int>(i));
    }
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_DECISIVE(result, "C203", "1: SET lock:user:42");
}

TEST(audit_decisive_lines, NameTheInvalidationAndTheOldValue) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string other = "user:" + std::to_string(i);
    world.at(1ms * i).client(3).get(other).miss();
    world.at(40ms + 1ms * i).client(3).set(other, "v").px(60s).ok();
    world.at(60ms + 1ms * i).client(3).get(other).hit("v");
  }
  for (int i = 0; i < 2; ++i) {
    const microseconds begin = 1s + 1s * i;
    world.at(begin).client(1).get(user).miss();
    crowd(world, begin + 1ms, 200us);
    world.at(begin + 20ms).client(2).del(user).answers(0);
    crowd(world, begin + 21ms, 200us);
    world.at(begin + 40ms).client(1).set(user, "old").px(60s).ok();
    world.at(begin + 100ms).client(3).get(user).hit("old");
    world.at(begin + 500ms).client(2).del(user).answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_DECISIVE(result, "C401", "2: DEL user:42");
  EXPECT_DECISIVE(result, "C401", "1: SET user:42");
}

TEST(audit_decisive_lines, NameTheUpdateThatWasLost) {
  stage world;
  world.at(0ms).client(1).set("total:1", "0").px(60s).ok();
  for (int i = 0; i < 6; ++i) {
    const auto at = 100ms + 100ms * i;
    world.at(at).client(1).get("total:1").hit("a" + std::to_string(i));
    world.at(at + 1ms).client(2).get("total:1").hit("a" + std::to_string(i));
    world.at(at + 2ms).client(1).set("total:1", "b" + std::to_string(i)).px(60s).ok();
    world.at(at + 3ms).client(2).set("total:1", "a" + std::to_string(i + 1)).px(60s).ok();
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_DECISIVE(result, "C402", "2: GET total:1");
  EXPECT_DECISIVE(result, "C402", "1: SET total:1");
  EXPECT_DECISIVE(result, "C402", "2: SET total:1");
}

TEST(audit_decisive_lines, NameTheLoadsOfAStampede) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    const std::string key = "user:" + std::to_string(id);
    for (std::uint64_t i = 1; i <= 60; ++i) world.at(1s * id + 1ms * i).client(i).get(key).miss();
    for (std::uint64_t i = 1; i <= 60; ++i) {
      world.at(1s * id + 100ms + 1ms * i).client(i).set(key, "v").px(60s).ok();
    }
    for (std::uint64_t i = 1; i <= 60; ++i) {
      for (int read = 0; read < 3; ++read)
        world.at(1s * id + 200ms + 10ms * read).client(i).get(key).hit("v");
    }
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_DECISIVE(result, "C101", "1: SET user:1");
  EXPECT_DECISIVE(result, "C101", "2: SET user:1");
}

TEST(audit_decisive_lines, AreInThePromptForTheFix) {
  audit_result result = outlived(false).judged_by(all_rules());
  for (const char* rule : {"C207", "C212"}) {
    const finding* const found = find_finding(result, rule);
    ASSERT_NE(found, nullptr);
    const std::string prompt = fix_prompt_of(*found);
    for (const moment_line& line : found->evidence_list[0].timeline) {
      if (!line.decisive) continue;
      char begins[32];
      std::snprintf(begins, sizeof begins, "%.3f ms",
                    static_cast<double>((line.from - found->evidence_list[0].from).count()) / 1000);
      EXPECT_NE(prompt.find(std::string{begins} + "  " + line.process + "  " + line.text),
                std::string::npos)
          << prompt;
    }
  }
}

/// Asks for a timeline of one key, in which the commands of one moment are decisive.
class asks final : public rule {
 public:
  asks(std::vector<moment_line>& answer, std::vector<moment> named)
      : answer_(answer), named_(std::move(named)) {}
  std::string_view id() const override { return "C000"; }
  interest::bits wants() const override { return interest::all_ops; }
  void on_op(const op& operation, const key_state& key, const rule_context&) override {
    key_ = key.ref;
    if (std::find(named_.begin(), named_.end(), operation.sent) != named_.end()) {
      add_decisive(decisive_, key.ref, op_summary(operation));
    }
  }
  void on_end(const rule_context& context, verdicts&) override {
    const key_ref keys[] = {key_, key_};
    answer_ = context.timeline(keys, 0ms, 500ms, decisive_);
  }

 private:
  std::vector<moment_line>& answer_;
  std::vector<moment> named_;
  decisive_operations decisive_;
  key_ref key_;
};

TEST(audit_decisive_lines, AreInTheTimelineOfAnyLength) {
  stage world;
  for (int i = 0; i < 300; ++i) world.at(1ms * i).client(1).set(user, "v").px(60s).ok();
  world.at(900ms).client(1).set(user, "after the timeline").px(60s).ok();
  std::vector<moment_line> lines;
  std::vector<std::unique_ptr<rule>> rules;
  rules.push_back(std::make_unique<asks>(lines, std::vector<moment>{150ms, 151ms, 900ms}));
  // The history has forgotten the first decisive commands.
  settings options;
  options.history_max = 100;
  EXPECT_TRUE(world.judged_by(std::move(rules), options).findings.empty());
  ASSERT_LE(lines.size(), 80U);  // 40 lines, and what is between them
  std::uint64_t left_out = 0;
  std::size_t commands = 0;
  std::vector<moment> decisive;
  for (const moment_line& line : lines) {
    left_out += line.left_out;
    if (line.left_out == 0) ++commands;
    if (line.decisive) decisive.push_back(line.from);
  }
  EXPECT_EQ(decisive, (std::vector<moment>{150ms, 151ms, 900ms}));
  EXPECT_EQ(lines.back().from, moment{900ms});
  EXPECT_EQ(commands, 40U);
  EXPECT_EQ(commands + left_out, 99U + 3U);
}

}  // namespace
}  // namespace drover::audit::decisive_lines_test
