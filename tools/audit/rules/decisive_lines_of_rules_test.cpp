// SPDX-License-Identifier: MIT
// For rule after rule: the lines that its text names are decisive, however much else happens.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/lock_turns_for_test.hpp"

namespace drover::audit::decisive_lines_of_rules_test {
namespace {

using namespace testing;
using std::chrono::microseconds;

/// Many others change the key, so that a bounded timeline has no room for all of that.
void crowd(stage& world, microseconds from, microseconds step, const std::string& key) {
  for (int i = 0; i < 60; ++i) {
    world.at(from + step * i).client(50).expire(key, 60s).answers(1);
  }
}

std::string numbered(const char* prefix, int number) { return prefix + std::to_string(number); }

/// Waiters take the lock one after the other, and each of them loads.
stage queue_of_loads() {
  stage world;
  const std::string lock = "lock:user:42";
  for (std::uint64_t i = 1; i <= 3; ++i) {
    world.at(1ms * i).client(i).get(user).miss();
    world.at(10ms + 1ms * i).client(i).set(lock, numbered("t", 1)).nx().px(5s).reply(i == 1);
  }
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const microseconds begin = 150ms * (i - 1);
    const std::string token = "t" + std::to_string(i);
    if (i > 1) world.at(begin).client(i).set(lock, token).nx().px(5s).ok();
    crowd(world, begin + 20ms, 1ms, user);
    world.at(begin + 110ms).client(i).set(user, "v" + token).px(60s).ok();
    world.at(begin + 111ms).client(i).compare_and_delete(lock, token).answers(1);
  }
  return world;
}

/// Clients that lose the lock load all the same.
stage losers_store() {
  stage world;
  for (int turn = 0; turn < 2; ++turn) {
    const microseconds begin = 1s * turn;
    const std::string key = numbered("user:", 42 + turn);
    for (std::uint64_t i = 1; i <= 4; ++i) {
      world.at(begin + 1ms * i).client(i).get(key).miss();
      world.at(begin + 10ms + 1ms * i)
          .client(i)
          .set("lock:" + key, "t" + std::to_string(i))
          .nx()
          .px(5s)
          .reply(i == 1);
      if (i > 1) world.at(begin + 60ms + 1ms * i).client(i).get(key).miss();
    }
    crowd(world, begin + 70ms, 3ms, key);
    for (std::uint64_t i = 2; i <= 4; ++i)
      world.at(begin + 260ms + 1ms * i).client(i).set(key, "v").px(60s).ok();
    world.at(begin + 300ms).client(1).set(key, "v").px(60s).ok();
    world.at(begin + 301ms).client(1).compare_and_delete("lock:" + key, "t1").answers(1);
  }
  return world;
}

template <class Release>
stage turns_in_a_crowd(Release&& release) {
  return lock_turns::turns(
      4,
      [](stage& world, microseconds at, int turn) {
        lock_turns::take_right(world, at, turn);
        crowd(world, at + 2ms, 500us, user);
        crowd(world, at + 2ms, 500us, lock_turns::lock);
      },
      release);
}

stage released_by_get_and_del() {
  return turns_in_a_crowd([](stage& world, microseconds at, int turn) {
    world.at(at).client(1).get(lock_turns::lock).hit(lock_turns::token(turn));
    crowd(world, at + 100us, 5us, lock_turns::lock);
    world.at(at + 1ms).client(1).del(lock_turns::lock).answers(1);
  });
}

stage released_early() {
  stage world;
  for (int turn = 1; turn <= 4; ++turn) {
    const microseconds begin = 2s * turn;
    const std::string key = numbered("user:", turn);
    const std::string guard = "lock:" + key;
    world.at(begin).client(1).get(key).miss();
    world.at(begin + 1ms).client(1).set(guard, numbered("a", turn)).nx().px(5s).ok();
    world.at(begin + 2ms).client(1).get(key).miss();
    world.at(begin + 3ms).client(2).get(key).miss();
    for (int poll = 0; poll < 5; ++poll)
      world.at(begin + 4ms + 20ms * poll).client(2).set(guard, "b").nx().px(5s).nil();
    world.at(begin + 100ms).client(1).compare_and_delete(guard, numbered("a", turn)).answers(1);
    world.at(begin + 104ms).client(2).set(guard, numbered("b", turn)).nx().px(5s).ok();
    world.at(begin + 105ms).client(2).get(key).miss();
    crowd(world, begin + 106ms, 700us, key);
    world.at(begin + 151ms).client(1).set(key, "va").px(60s).ok();
    world.at(begin + 204ms).client(2).compare_and_delete(guard, numbered("b", turn)).answers(1);
    world.at(begin + 255ms).client(2).set(key, "vb").px(60s).ok();
  }
  return world;
}

stage loses_its_ttl() {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = numbered("user:", i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").px(60s).ok();
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
    crowd(world, 3s + 100ms * i, 1ms, key);
    world.at(5s + 100ms * i).client(2).set(key, "w").ok();
    for (int read = 0; read < 60; ++read) world.at(6500ms + 5ms * read).client(3).get(key).hit("w");
  }
  return world;
}

stage kept_alive() {
  stage world;
  world.at(0ms).client(1).get(user).miss();
  world.at(40ms).client(1).set(user, "v").px(2'000ms).ok();
  for (int i = 1; i <= 60; ++i) {
    world.at(200ms * i).client(1).get(user).hit("v");
    world.at(200ms * i + 1ms).client(1).expire(user, 2s).answers(1);
  }
  return world;
}

stage stores_what_is_big() {
  stage world;
  world.at(0ms).client(1).get(user).miss();
  crowd(world, 1ms, 1ms, user);
  world.at(90ms).client(1).set(user, "big").sized(3'000'000).px(60s).ok();
  crowd(world, 100ms, 1ms, user);
  return world;
}

stage two_formats() {
  stage world;
  world.at(0ms).client(1).set(user, "a").looks(shape::pickle).px(60s).ok();
  crowd(world, 10ms, 1ms, user);
  world.at(100ms).client(2).get(user).hit("a");
  world.at(200ms).client(2).set(user, "b").looks(shape::json).px(60s).ok();
  return world;
}

struct named_lines {
  const char* rule;
  stage (*play)();
  std::vector<const char*> begins;  ///< "client: the begin of a decisive line"
};

const std::vector<named_lines> rows{
    {"C102", queue_of_loads, {"2: SET lock:user:42", "1: SET user:42", "2: SET user:42"}},
    {"C103", losers_store, {"2: SET user:42", "3: SET user:42"}},
    {"C204", [] { return turns_in_a_crowd(lock_turns::release_plain); }, {"1: DEL lock:user:42"}},
    {"C205", released_by_get_and_del, {"1: GET lock:user:42", "1: DEL lock:user:42"}},
    {"C213", released_early, {"1: EVALSHA", "2: SET lock:user:1", "1: SET user:1"}},
    {"C304", loses_its_ttl, {"2: SET user:0"}},
    {"C305", kept_alive, {"1: SET user:42", "1: EXPIRE user:42"}},
    {"C603", stores_what_is_big, {"1: SET user:42"}},
    {"C605", two_formats, {"1: SET user:42", "2: SET user:42"}},
};

TEST(audit_decisive_lines, NameWhatEachRuleAccuses) {
  for (const named_lines& row : rows) {
    const audit_result result = row.play().judged_by(all_rules());
    const finding* const found = find_finding(result, row.rule);
    ASSERT_NE(found, nullptr) << row.rule;
    ASSERT_FALSE(found->evidence_list.empty()) << row.rule;
    std::vector<std::string> lines;
    std::string all;
    for (const moment_line& line : found->evidence_list[0].timeline) {
      if (!line.decisive) continue;
      lines.push_back(std::to_string(line.connection) + ": " + line.text);
      all += '\n' + lines.back();
    }
    for (const char* const begin : row.begins) {
      EXPECT_TRUE(std::any_of(lines.begin(), lines.end(),
                              [&](const std::string& line) { return line.starts_with(begin); }))
          << row.rule << " does not name " << begin << ':' << all;
    }
  }
}

}  // namespace
}  // namespace drover::audit::decisive_lines_of_rules_test
