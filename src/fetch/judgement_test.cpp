// SPDX-License-Identifier: MIT
#include "fetch/judgement.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::fetch::judgement_test {
namespace {

constexpr std::uint64_t digest = 77;
constexpr server_time noon{milliseconds{1'000'000}};

std::string entry_of(entry::kind stored, milliseconds until, milliseconds grace = milliseconds{0},
                     std::string_view payload = {}) {
  entry::envelope head;
  head.kind = stored;
  head.stored_at = noon - milliseconds{5000};
  head.until = noon + until;
  head.grace = grace;
  head.digest = digest;
  head.produced_by.bytes.back() = 9;
  if (stored == entry::kind::value || stored == entry::kind::failed) {
    head.checksum = entry::checksum_of(payload, digest);
  }
  return entry::encode(head, payload);
}

finding found_in(std::string_view bytes) { return judge(bytes, digest, noon).state; }

TEST(judgement, ServesAValueWhileItIsFreshOrWithinGrace) {
  using entry::kind;
  const milliseconds grace{100};
  EXPECT_EQ(found_in(entry_of(kind::value, milliseconds{1}, grace, "v")), finding::fresh);
  EXPECT_EQ(found_in(entry_of(kind::value, milliseconds{0}, grace, "v")), finding::stale);
  EXPECT_EQ(found_in(entry_of(kind::value, milliseconds{-99}, grace, "v")), finding::stale);
  EXPECT_EQ(found_in(entry_of(kind::value, milliseconds{-100}, grace, "v")), finding::missing);
  EXPECT_EQ(found_in(entry_of(kind::value, milliseconds{0}, {}, "v")), finding::missing);
}

TEST(judgement, TakesWhatHasEndedForMissing) {
  using entry::kind;
  for (const auto& [stored, live] :
       {std::pair{kind::absent, finding::fresh}, std::pair{kind::pending, finding::pending},
        std::pair{kind::failed, finding::failed},
        std::pair{kind::uncacheable, finding::uncacheable}}) {
    EXPECT_EQ(found_in(entry_of(stored, milliseconds{1})), live);
    EXPECT_EQ(found_in(entry_of(stored, milliseconds{0})), finding::missing);
  }
}

TEST(judgement, TakesNoKeyForMissingAndAForeignStringToo) {
  const judgement none = judge(std::nullopt, digest, noon);
  EXPECT_EQ(none.state, finding::missing);
  EXPECT_FALSE(none.is_foreign);
  for (const std::string& bytes : {std::string{}, std::string{"plain"}, std::string(64, 'x')}) {
    const judgement foreign = judge(bytes, digest, noon);
    EXPECT_EQ(foreign.state, finding::missing);
    EXPECT_TRUE(foreign.is_foreign);
  }
}

TEST(judgement, LeavesNewerFormatsAndKindsAlone) {
  std::string bytes = entry_of(entry::kind::value, milliseconds{1}, {}, "v");
  bytes[1] = 0x20;  // format 2
  EXPECT_EQ(found_in(bytes), finding::newer);
  bytes[1] = 0x15;  // kind 5
  EXPECT_EQ(found_in(bytes), finding::newer);
}

TEST(judgement, RefusesAnotherKeysEntryAndOneThatIsNotWhole) {
  const std::string bytes = entry_of(entry::kind::value, milliseconds{1}, {}, "value");
  const judgement other = judge(bytes, digest + 1, noon);
  EXPECT_EQ(other.state, finding::damaged);
  EXPECT_EQ(other.read.head.produced_by.bytes.back(), 9) << "the lease is to name what it refuses";
  EXPECT_EQ(found_in(std::string_view{bytes}.substr(0, bytes.size() - 1)), finding::damaged);
  EXPECT_EQ(found_in(entry_of(entry::kind::absent, milliseconds{1}) + "x"), finding::damaged);
  EXPECT_EQ(judge(bytes, digest, noon).read.payload, "value");
}

TEST(judgement, ServesWhatASnapshotMayHaveBroughtBackAtMostAsStale) {
  using entry::kind;
  // Every entry here was stored five seconds before noon.
  const entry::trust after{.stored_from = noon - milliseconds{4999}};
  const entry::trust from_then{.stored_from = noon - milliseconds{5000}};
  const std::string graceful = entry_of(kind::value, milliseconds{1}, milliseconds{1}, "v");
  EXPECT_EQ(judge(graceful, digest, noon, after).state, finding::stale);
  EXPECT_EQ(judge(graceful, digest, noon, from_then).state, finding::fresh);
  EXPECT_EQ(judge(entry_of(kind::value, milliseconds{1}, {}, "v"), digest, noon, after).state,
            finding::missing);
  for (const kind stored : {kind::absent, kind::pending, kind::failed, kind::uncacheable}) {
    EXPECT_EQ(judge(entry_of(stored, milliseconds{1}), digest, noon, after).state,
              finding::missing);
  }
}

TEST(judgement, TakesNothingOfAReplicaForFresh) {
  const entry::trust replica{.nothing_is_fresh = true};
  const std::string graceful = entry_of(entry::kind::value, milliseconds{1}, milliseconds{1}, "v");
  EXPECT_EQ(judge(graceful, digest, noon, replica).state, finding::stale);
  EXPECT_EQ(judge(entry_of(entry::kind::absent, milliseconds{1}), digest, noon, replica).state,
            finding::missing);
}

TEST(judgement, LeavesToTheServerWhatOnlyItsClockCanTell) {
  using entry::kind;
  for (const kind stored :
       {kind::value, kind::absent, kind::pending, kind::failed, kind::uncacheable}) {
    const std::string bytes = entry_of(stored, milliseconds{1}, milliseconds{1});
    const judgement unknown = judge(bytes, digest, std::nullopt);
    EXPECT_EQ(unknown.state, finding::missing);
    EXPECT_FALSE(unknown.is_foreign);
    EXPECT_EQ(judge(bytes, digest + 1, std::nullopt).state, finding::damaged);
  }
  std::string newer = entry_of(kind::value, milliseconds{1});
  newer[1] = 0x20;
  EXPECT_EQ(judge(newer, digest, std::nullopt).state, finding::newer);
  EXPECT_TRUE(judge("plain", digest, std::nullopt).is_foreign);
}

TEST(judgement, BelievesNoPauseThatIsLongerThanItsOwnLimit) {
  // Stored five seconds before noon, to be tried again in ten minutes.
  const std::string bytes = entry_of(entry::kind::failed, std::chrono::minutes{10});
  const auto found_with = [&](milliseconds pause_max) {
    return judge(bytes, digest, noon, {}, pause_max);
  };
  EXPECT_EQ(found_with(milliseconds{5000}).state, finding::failed);
  EXPECT_EQ(found_with(milliseconds{5000}).read.head.until, noon + milliseconds{1000});
  EXPECT_EQ(found_with(milliseconds{4166}).state, finding::missing);
  EXPECT_EQ(found_with(milliseconds{0}).state, finding::missing);
}

TEST(judgement, BelievesNoFailureOfTheFuture) {
  entry::envelope head;
  head.kind = entry::kind::failed;
  head.stored_at = noon + milliseconds{1};
  head.until = noon + milliseconds{2};
  head.digest = digest;
  head.produced_by.bytes.back() = 9;
  head.checksum = entry::checksum_of("", digest);
  EXPECT_EQ(judge(entry::encode(head, ""), digest, noon).state, finding::missing);
  EXPECT_EQ(judge(entry::encode(head, ""), digest, noon + milliseconds{1}).state, finding::failed);
}

TEST(judgement, TakesAnEntryWithoutATokenForAForeignString) {
  std::string bytes = entry_of(entry::kind::value, milliseconds{1}, {}, "v");
  bytes.replace(24, entry::token::size, entry::token::size, '\0');
  EXPECT_EQ(judge(bytes, digest, noon).state, finding::missing);
  EXPECT_TRUE(judge(bytes, digest, noon).is_foreign);
}

TEST(judgement, TakesAValueThatWasExpiredByHandForStaleAtOnce) {
  std::string bytes = entry_of(entry::kind::value, milliseconds{50}, milliseconds{100}, "v");
  bytes[2] = static_cast<char>(entry::envelope::flag_expired_by_hand);
  EXPECT_EQ(found_in(bytes), finding::stale);
}

}  // namespace
}  // namespace drover::fetch::judgement_test
