// SPDX-License-Identifier: MIT
// The checker finds every kind of wrong history, and accuses no right one.
#include "history/checker.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace drover::history {
namespace {

constexpr std::uint64_t ms = 1'000'000;

enum kind : std::uint8_t { flush, restored, stopped, cut };

rules test_rules() {
  rules with;
  with.caches = {{.ttl_ms = 100, .grace_ms = 100, .lease_ms = 100}};
  with.faults = {{"flush", true, false},
                 {"restored", true, true},
                 {"stopped", false, false},
                 {"cut", false, false}};
  with.aftermath_ms = 50;
  with.stale_slack_ms = 10;
  return with;
}

/// Builds a history of key 1. Times are in milliseconds from 1000.
class story {
 public:
  record& add(action done, std::uint64_t begin, std::uint64_t end, outcome how = outcome::done) {
    record one;
    one.begin_ns = (1000 + begin) * ms;
    one.end_ns = end == 0 ? 0 : (1000 + end) * ms;
    one.key = 1;
    one.action = done;
    one.outcome = how;
    records.push_back(one);
    return records.back();
  }
  void write(std::uint32_t version, std::uint64_t begin, std::uint64_t end) {
    add(action::write, begin, end).version = version;
  }
  record& invalidate(std::uint32_t version, std::uint64_t begin, std::uint64_t end) {
    record& one = add(action::invalidate, begin, end);
    one.version = version;
    return one;
  }
  record& load(std::uint64_t id, std::uint32_t version, std::uint64_t begin, std::uint64_t end) {
    record& one = add(action::load, begin, end);
    one.load_id = id;
    one.version = version;
    return one;
  }
  record& get(outcome how, std::uint64_t id, std::uint32_t version, std::uint64_t begin,
              std::uint64_t end) {
    record& one = add(action::get, begin, end, how);
    one.load_id = id;
    one.version = version;
    return one;
  }
  void fault(kind which, std::uint64_t begin, std::uint64_t end) {
    record& one = add(action::fault, begin, end);
    one.detail = which;
    one.process = everyone;
  }
  void life(std::uint32_t process, std::uint64_t end, outcome how = outcome::ended) {
    add(action::process, 0, end, how).process = process;
  }
  /// Version 1 is loaded by load 1, version 2 is written at 20 and invalidated at 30.
  void change() {
    load(1, 1, 5, 9);
    write(1, 1, 2);
    write(2, 20, 21);
    invalidate(2, 22, 30);
  }

  [[nodiscard]] findings checked(const rules& with = test_rules()) const {
    return check(records, with);
  }
  [[nodiscard]] std::uint64_t count(property broken) const {
    return checked().violations_by_property[static_cast<std::size_t>(broken)];
  }
  [[nodiscard]] std::size_t violations() const { return checked().violations.size(); }

  std::vector<record> records;
};

TEST(history_checker, FindsAFreshValueOlderThanAnInvalidation) {
  for (const outcome how : {outcome::fresh, outcome::loaded, outcome::joined}) {
    story wrong;
    wrong.change();
    wrong.get(how, 1, 1, 31, 33);
    ASSERT_EQ(wrong.count(property::fresh), 1U) << to_string(how);
    const findings found = wrong.checked();
    EXPECT_EQ(found.violations[0].first.action, action::invalidate);
    EXPECT_EQ(found.violations[0].second.outcome, how);
  }
}

TEST(history_checker, AllowsAnOldValueBesideAnInvalidation) {
  story right;
  right.change();
  right.get(outcome::fresh, 1, 1, 29, 40);  // it began before the acknowledgement
  EXPECT_EQ(right.violations(), 0U);
  EXPECT_EQ(right.checked().figures.gets_over_invalidations, 1U);
}

TEST(history_checker, ExpectsNothingOfAnInvalidationThatWasNotAcknowledged) {
  story right;
  right.load(1, 1, 5, 9);
  right.write(1, 1, 2);
  right.write(2, 20, 21);
  right.invalidate(2, 22, 30).outcome = outcome::unknown;
  right.invalidate(2, 31, 0).outcome = outcome::open;  // its process was killed
  right.get(outcome::fresh, 1, 1, 40, 42);
  EXPECT_EQ(right.violations(), 0U);
  EXPECT_EQ(right.checked().figures.invalidations_unknown, 2U);
}

TEST(history_checker, LetsABypassedValueBeOldExceptInItsOwnProcess) {
  story right;
  right.change();
  right.load(2, 1, 19, 50);
  right.get(outcome::bypassed, 2, 1, 31, 51).process = 1;
  EXPECT_EQ(right.violations(), 0U);
  EXPECT_EQ(right.checked().figures.bypassed_older, 1U);

  story wrong = right;
  wrong.records.back().process = 0;  // the process that invalidated
  EXPECT_EQ(wrong.count(property::fresh), 1U);
}

TEST(history_checker, FindsABypassedValueOfALoadThatHadEnded) {
  story wrong;
  wrong.load(1, 0, 2, 5);
  wrong.get(outcome::bypassed, 1, 0, 1, 6);
  wrong.get(outcome::bypassed, 1, 0, 7, 8);
  EXPECT_EQ(wrong.count(property::bypassed), 1U);

  story right;  // it came between the return of the loader and the answer to its caller
  right.load(1, 0, 2, 5);
  right.get(outcome::bypassed, 1, 0, 1, 8);
  right.get(outcome::bypassed, 1, 0, 7, 9);
  EXPECT_EQ(right.violations(), 0U);
}

TEST(history_checker, FindsAVersionThatWasNotYetWritten) {
  story wrong;
  wrong.write(1, 20, 21);
  wrong.load(1, 1, 5, 9);
  wrong.get(outcome::loaded, 1, 1, 4, 10);
  EXPECT_EQ(wrong.count(property::not_written), 1U);

  story right;
  right.write(1, 9, 30);  // it became visible before the writer noted its end
  right.load(1, 1, 10, 11);
  right.get(outcome::loaded, 1, 1, 4, 12);
  EXPECT_EQ(right.violations(), 0U);
}

TEST(history_checker, FindsAVersionThatWasNeverWritten) {
  story wrong;
  wrong.load(1, 3, 5, 9);
  wrong.get(outcome::loaded, 1, 3, 4, 10);
  EXPECT_EQ(wrong.count(property::not_written), 1U);

  story right = wrong;
  right.write(0, 1, 0);  // a writer was killed before it noted the version
  right.records.back().outcome = outcome::open;
  EXPECT_EQ(right.violations(), 0U);
}

TEST(history_checker, FindsAValueOfALoadThatEndedAfterTheGet) {
  story wrong;
  wrong.load(1, 0, 5, 30);
  wrong.get(outcome::joined, 1, 0, 4, 10);
  EXPECT_EQ(wrong.count(property::not_written), 1U);
}

TEST(history_checker, FindsAValueOfAnotherKey) {
  story wrong;
  wrong.get(outcome::mixed_up, 0, 0, 1, 2);
  EXPECT_EQ(wrong.count(property::identity), 1U);

  story foreign;
  foreign.load(1, 0, 1, 2).key = 2;
  foreign.get(outcome::fresh, 1, 0, 3, 4);
  EXPECT_EQ(foreign.count(property::identity), 1U);
  EXPECT_EQ(foreign.checked().violations[0].first.key, 2U);

  story invented;
  invented.get(outcome::fresh, 99, 0, 3, 4);
  EXPECT_EQ(invented.count(property::identity), 1U) << "no such load ran";
}

TEST(history_checker, FindsAStaleValueOlderThanAnInvalidation) {
  story wrong;
  wrong.change();
  wrong.get(outcome::stale, 1, 1, 110, 111);
  EXPECT_EQ(wrong.count(property::stale), 1U);

  // A server that was restored from a snapshot may have forgotten the invalidation.
  story right;
  right.change();
  right.fault(restored, 40, 60);
  right.get(outcome::stale, 1, 1, 110, 111);
  EXPECT_EQ(right.violations(), 0U);
  right.get(outcome::fresh, 1, 1, 112, 113);
  EXPECT_EQ(right.count(property::fresh), 1U) << "but nothing from before it is fresh";

  story later;
  later.change();
  later.fault(restored, 10, 15);
  later.get(outcome::stale, 1, 1, 110, 111);
  EXPECT_EQ(later.count(property::stale), 1U) << "it was restored before the invalidation";
}

TEST(history_checker, FindsAStaleValueBeyondItsGrace) {
  story wrong;
  wrong.load(1, 0, 1, 5);
  wrong.get(outcome::stale, 1, 0, 212, 213);
  EXPECT_EQ(wrong.count(property::stale), 1U);
  EXPECT_EQ(wrong.checked().figures.stale_age_max_ms, 11U);

  story right;
  right.load(1, 0, 1, 5);
  right.get(outcome::stale, 1, 0, 200, 260);
  EXPECT_EQ(right.violations(), 0U) << "it may have been read when the get began";

  story delayed;  // the server was stopped for 40 ms between the load and its fill
  delayed.load(1, 0, 1, 5);
  delayed.fault(stopped, 6, 46);
  delayed.get(outcome::stale, 1, 0, 240, 241);
  EXPECT_EQ(delayed.violations(), 0U);
}

/// Two loads of a key under leases, by two processes.
story two_loads() {
  story both;
  both.load(1, 0, 10, 40).process = 0;
  both.load(2, 0, 30, 50).process = 1;
  both.get(outcome::loaded, 1, 0, 9, 41).process = 0;
  both.get(outcome::loaded, 2, 0, 29, 51).process = 1;
  both.life(0, 900);
  both.life(1, 900);
  return both;
}

TEST(history_checker, FindsTwoLeasesAtOnce) {
  const story wrong = two_loads();
  ASSERT_EQ(wrong.count(property::one_load), 1U);
  const findings found = wrong.checked();
  EXPECT_EQ(found.violations[0].first.load_id, 1U);
  EXPECT_EQ(found.violations[0].second.load_id, 2U);
  EXPECT_EQ(found.figures.loads_under_lease, 2U);
  EXPECT_EQ(found.figures.loads_at_once_max, 2U);
}

TEST(history_checker, AllowsTwoLoadsWhenTheFirstLeaseMayHaveEnded) {
  story invalidated = two_loads();
  invalidated.invalidate(0, 20, 25);
  EXPECT_EQ(invalidated.violations(), 0U);

  story repeated = two_loads();
  repeated.invalidate(0, 2, 5).outcome = outcome::unknown;
  EXPECT_EQ(repeated.violations(), 0U) << "it may be repeated at any time";
  repeated.invalidate(0, 6, 8);
  EXPECT_EQ(repeated.count(property::one_load), 1U) << "but not after the next one";

  story flushed = two_loads();
  flushed.fault(flush, 15, 16);
  EXPECT_EQ(flushed.violations(), 0U);

  story unrelated = two_loads();
  unrelated.fault(cut, 15, 16);
  EXPECT_EQ(unrelated.count(property::one_load), 1U);

  story bypassed = two_loads();
  bypassed.records[3].outcome = outcome::bypassed;
  EXPECT_EQ(bypassed.violations(), 0U);

  story refreshed = two_loads();
  refreshed.records[0].flags = is_refresh;
  EXPECT_EQ(refreshed.violations(), 0U);

  story disconnected = two_loads();
  disconnected.add(action::connection_down, 20, 20).process = 0;
  EXPECT_EQ(disconnected.violations(), 0U);

  story killed = two_loads();
  killed.records[4].outcome = outcome::killed;
  killed.records[4].end_ns = 1025 * ms;
  killed.records[0].end_ns = 0;
  EXPECT_EQ(killed.count(property::one_load), 0U);

  story frozen = two_loads();  // the lease of 100 ms counts for half of them
  frozen.records[0].begin_ns = 1000 * ms;
  frozen.records[0].end_ns = 1200 * ms;
  frozen.records[2].begin_ns = 1000 * ms;
  frozen.records[2].end_ns = 1201 * ms;
  frozen.records[1].begin_ns = 1060 * ms;
  frozen.records[1].end_ns = 1070 * ms;
  frozen.records[3].begin_ns = 1059 * ms;
  frozen.records[3].end_ns = 1071 * ms;
  EXPECT_EQ(frozen.violations(), 0U);

  story proxied = two_loads();
  proxied.records[4].flags = is_proxied;
  EXPECT_EQ(proxied.violations(), 0U);
}

TEST(history_checker, FindsACallThatNeverEnded) {
  story wrong;
  wrong.get(outcome::open, 0, 0, 5, 0);
  wrong.life(0, 900);
  EXPECT_EQ(wrong.count(property::ended), 1U);

  story right;
  right.get(outcome::open, 0, 0, 5, 0);
  right.life(0, 900, outcome::killed);
  EXPECT_EQ(right.violations(), 0U);

  story crashed;
  crashed.life(0, 900, outcome::crashed);
  EXPECT_EQ(crashed.count(property::ended), 1U);
  story hung;
  hung.life(0, 900, outcome::hung);
  EXPECT_EQ(hung.count(property::ended), 1U);
}

TEST(history_checker, FindsAProcessThatDoesNotConverge) {
  rules with = test_rules();
  with.settled_ns = 1400 * ms;
  story slow;
  slow.change();
  slow.records[3].outcome = outcome::unknown;
  slow.get(outcome::fresh, 1, 1, 399, 400);
  EXPECT_EQ(slow.checked(with).violations.size(), 0U) << "it is not settled yet";
  slow.get(outcome::fresh, 1, 1, 401, 402);
  const findings found = slow.checked(with);
  EXPECT_EQ(found.violations_by_property[static_cast<std::size_t>(property::converged)], 1U);
  EXPECT_EQ(found.figures.settled_gets, 1U);
}

TEST(history_checker, CountsGetsOverEachKindOfFault) {
  story run;
  run.fault(flush, 10, 12);
  run.fault(cut, 20, 20);
  run.records.back().flags = is_proxied;
  run.fault(stopped, 30, 40);
  run.records.back().process = 1;
  run.life(0, 900);
  run.life(1, 900);
  run.records.back().flags = is_proxied;
  run.get(outcome::failed, 0, 0, 5, 25).process = 0;
  run.get(outcome::failed, 0, 0, 15, 35).process = 1;
  run.get(outcome::failed, 0, 0, 41, 45).process = 1;
  const figures counted = run.checked().figures;
  EXPECT_EQ(counted.gets_by_fault, (std::vector<std::uint64_t>{1, 0, 1, 1}));
  EXPECT_EQ(counted.gets_over_faults, 2U);
  EXPECT_EQ(counted.faults_by_kind, (std::vector<std::uint64_t>{1, 0, 1, 1}));
}

TEST(history_checker, ShowsWhatHappenedBeforeAViolation) {
  story wrong;
  wrong.change();
  wrong.fault(flush, 25, 26);
  wrong.get(outcome::fresh, 0, 0, 27, 28).key = 2;
  wrong.get(outcome::fresh, 1, 1, 31, 33);
  const findings found = wrong.checked();
  ASSERT_EQ(found.violations.size(), 1U);
  const std::string text = context_of(found.violations[0], wrong.records, test_rules());
  EXPECT_NE(text.find("load done of key 0/1 version 1"), std::string::npos) << text;
  EXPECT_NE(text.find("(flush)"), std::string::npos) << text;
  EXPECT_NE(text.find("invalidate done"), std::string::npos) << text;
  EXPECT_EQ(text.find("key 0/2"), std::string::npos) << text;
}

TEST(history_checker, KeepsAFewViolationsAndCountsAll) {
  story wrong;
  for (std::uint64_t i = 0; i < 100; ++i) wrong.get(outcome::mixed_up, 0, 0, i, i + 1);
  EXPECT_EQ(wrong.violations(), violations_kept);
  EXPECT_EQ(wrong.count(property::identity), 100U);
}

}  // namespace
}  // namespace drover::history
