// SPDX-License-Identifier: MIT
#include "audit/engine/outage_book.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace drover::audit::outage_book_test {
namespace {

using namespace std::chrono_literals;

/// One outage from 10 s to 12 s, with time to recover until 16 s.
constexpr outage_planned planned{outage_kind::away, 10s, 12s, 16s};

/// A check each 200 ms. `results` has a character for each: '+' served, '-' not served, '.' no
/// check, '!' the application has ended.
void add_checks(outage_book& book, moment begin, std::string_view results) {
  moment at = begin;
  for (const char result : results) {
    if (result != '.')
      book.add(application_checked{at, at + 50ms, result == '+', result == '!', "x"});
    at += 200ms;
  }
}

/// The outage after the checks before it, during it and after it, with traffic during it.
outage_result judged(std::string_view before, std::string_view during, std::string_view after,
                     moment now = 30s) {
  outage_book book;
  book.add(planned);
  add_checks(book, 10s - std::chrono::milliseconds{200} * static_cast<int>(before.size()), before);
  add_checks(book, 10s, during);
  add_checks(book, 12s, after);
  book.add_command(10500ms, true);
  const auto results = book.results(now);
  EXPECT_EQ(results.size(), 1U);
  return results.empty() ? outage_result{} : results.front();
}

TEST(audit_outage_book, CountsTheChecksOfAnOutage) {
  const outage_result outage = judged("+++", "++-+--++++", "+++");
  EXPECT_TRUE(outage.is_judged()) << outage.not_judged;
  EXPECT_EQ(outage.checks, 10U);
  EXPECT_EQ(outage.failed, 3U);
  ASSERT_EQ(outage.failures.size(), 3U);
  EXPECT_EQ(outage.failures.front().from, 10400ms);
}

TEST(audit_outage_book, ACallerThatAskedBeforeAndWasLetDownMeanwhileCounts) {
  outage_book book;
  book.add(planned);
  add_checks(book, 9s, "+++");
  book.add(application_checked{9900ms, 10100ms, false, false, "x"});
  add_checks(book, 10200ms, "+++++++++");
  book.add_command(11s, false);
  EXPECT_EQ(book.results(30s).front().checks, 10U);
  EXPECT_EQ(book.results(30s).front().failed, 1U);
}

TEST(audit_outage_book, CallersMayAskAtTheSameTime) {
  outage_book book;
  book.add(planned);
  book.add_command(11s, true);
  add_checks(book, 9s, "+++");
  // The callers of the outage give up in the order in which they came, after 2 s. Those who come
  // after it are served at once.
  add_checks(book, 12s, "+");
  for (int i = 0; i < 5; ++i) {
    const moment from = 10s + std::chrono::milliseconds{200} * i;
    book.add(application_checked{from, from + 2100ms, false, false, "x"});
  }
  add_checks(book, 12200ms, "++");
  const outage_result outage = book.results(30s).front();
  EXPECT_EQ(outage.checks, 5U);
  EXPECT_EQ(outage.failed, 5U);
  EXPECT_EQ(outage.recovered_after, 50ms);
}

TEST(audit_outage_book, IsJudgedOnlyIfCallersWereServedJustBefore) {
  EXPECT_EQ(judged("+-+++", "+++", "+++").not_judged, "");
  for (const std::string_view before : {"", "++", "+++-", "+++++++-++", "---"}) {
    EXPECT_NE(judged(before, "---", "+++").not_judged.find("did not serve its callers just before"),
              std::string::npos)
        << before;
  }
}

TEST(audit_outage_book, IsJudgedOnlyIfTheApplicationUsedTheServer) {
  outage_book book;
  book.add(planned);
  add_checks(book, 9s, "+++++++++++++++");
  EXPECT_NE(book.results(30s).front().not_judged.find("did not use the server"), std::string::npos);
  book.add_connection(1, 11s);
  EXPECT_EQ(book.results(30s).front().not_judged, "");
}

TEST(audit_outage_book, IsJudgedOnlyWithEnoughChecks) {
  EXPECT_NE(judged("+++", "+", "+++").not_judged.find("too few checks"), std::string::npos);
  EXPECT_NE(judged("+++", "+", "", 11s).not_judged.find("the run ended"), std::string::npos);
  outage_book unchecked;
  unchecked.add(planned);
  unchecked.add_command(11s, true);
  EXPECT_NE(unchecked.results(30s).front().not_judged.find("--check"), std::string::npos);
}

TEST(audit_outage_book, AnApplicationHasRecoveredWhenItServesItsCallersInARow) {
  struct row {
    std::string_view after;
    std::optional<moment> recovered;
    bool is_known;
  };
  for (const auto& [after, recovered, is_known] : std::vector<row>{
           {"+++", 50ms, true},
           {"-+++", 250ms, true},
           {"+-++-+++", 1050ms, true},
           {"--------------------", std::nullopt, true},
           {"++-++-++-++-++-++-++", std::nullopt, true},
           // The next checks belong to the time after the recovery.
           {"....................+++", std::nullopt, true},
       }) {
    const outage_result outage = judged("+++", "---", after);
    EXPECT_EQ(outage.recovered_after, recovered) << after;
    EXPECT_EQ(outage.is_recovery_known, is_known) << after;
    EXPECT_EQ(outage.recovery_max, 4s);
  }
}

TEST(audit_outage_book, AnEarlyEndOfTheRunSaysNothingAboutTheRecovery) {
  EXPECT_FALSE(judged("+++", "---", "--", 13s).is_recovery_known);
  EXPECT_TRUE(judged("+++", "---", "+++", 13s).is_recovery_known);
  EXPECT_TRUE(judged("+++", "---", "--------------------", 16s).is_recovery_known);
}

TEST(audit_outage_book, AnApplicationThatEndsDoesNotRecover) {
  const outage_result during = judged("+++", "!", "", 11s);
  EXPECT_TRUE(during.is_judged()) << during.not_judged;
  EXPECT_TRUE(during.is_application_gone);
  EXPECT_TRUE(during.is_recovery_known);
  EXPECT_EQ(during.recovered_after, std::nullopt);
  const outage_result after = judged("+++", "++++", "-!", 13s);
  EXPECT_TRUE(after.is_application_gone);
  EXPECT_FALSE(judged("+++", "----", "+++!", 13s).is_application_gone) << "it had recovered";
}

TEST(audit_outage_book, CountsTheTrafficBeforeAndDuringTheOutages) {
  outage_book book;
  book.add(planned);
  book.add({outage_kind::slow, 20s, 21s, 25s});
  book.add_connection(1, 5s);
  book.add_connection(1, 9s);  // its process was found
  for (moment at = 5s; at < 10s; at += 1s) book.add_command(at, at < 7s);
  book.add_loads(6s, 3);
  book.add_connection(2, 11s);
  book.add_loads(12s, 5);
  book.add_command(15s, true);  // between the outages
  book.add_command(20500ms, true);
  EXPECT_EQ(book.calm().length, 5s);
  EXPECT_EQ(book.calm().commands, 5U);
  EXPECT_EQ(book.calm().reads, 2U);
  EXPECT_EQ(book.calm().connections, 1U);
  EXPECT_EQ(book.calm().loads, 3U);
  EXPECT_EQ(book.calm().per_second(book.calm().commands), 1.0);
  const auto results = book.results(30s);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].traffic.attempts(), 1U);
  EXPECT_EQ(results[0].traffic.loads, 5U);
  EXPECT_EQ(results[0].traffic.length, 2s);
  EXPECT_EQ(results[1].traffic.commands, 1U);
  EXPECT_EQ(book.results(19s).size(), 1U) << "the run ended before the second";
}

TEST(audit_outage_book, IgnoresOutagesThatOverlapAndChecksThatGoBack) {
  outage_book book;
  book.add(planned);
  book.add({outage_kind::slow, 11s, 21s, 25s});
  book.add({outage_kind::slow, 21s, 20s, 25s});
  EXPECT_EQ(book.results(30s).size(), 1U);
  book.add(application_checked{3s, 2s, true, false, ""});
  EXPECT_FALSE(book.has_checks());
}

}  // namespace
}  // namespace drover::audit::outage_book_test
