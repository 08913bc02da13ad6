// SPDX-License-Identifier: MIT
#include "fetch/judgement.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::fetch {
namespace {

constexpr std::uint64_t digest = 77;
constexpr server_time noon{milliseconds{1'000'000}};

std::string entry_of(entry::kind what, milliseconds until, milliseconds grace = milliseconds{0},
                     std::string_view payload = {}) {
  entry::envelope head;
  head.what = what;
  head.stored_at = noon - milliseconds{5000};
  head.until = noon + until;
  head.grace = grace;
  head.digest = digest;
  head.produced_by.bytes.back() = 9;
  if (what == entry::kind::value || what == entry::kind::failed) {
    head.checksum = entry::checksum_of(payload, digest);
  }
  return entry::encode(head, payload);
}

finding found_in(std::string_view bytes) { return judge(bytes, digest, noon).what; }

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
  for (const auto& [what, live] :
       {std::pair{kind::absent, finding::fresh}, std::pair{kind::pending, finding::pending},
        std::pair{kind::failed, finding::failed}}) {
    EXPECT_EQ(found_in(entry_of(what, milliseconds{1})), live);
    EXPECT_EQ(found_in(entry_of(what, milliseconds{0})), finding::missing);
  }
}

TEST(judgement, TakesNoKeyForMissingAndAForeignStringToo) {
  const judgement none = judge(std::nullopt, digest, noon);
  EXPECT_EQ(none.what, finding::missing);
  EXPECT_FALSE(none.is_foreign);
  for (const std::string& bytes : {std::string{}, std::string{"plain"}, std::string(64, 'x')}) {
    const judgement foreign = judge(bytes, digest, noon);
    EXPECT_EQ(foreign.what, finding::missing);
    EXPECT_TRUE(foreign.is_foreign);
  }
}

TEST(judgement, LeavesNewerFormatsAndKindsAlone) {
  std::string bytes = entry_of(entry::kind::value, milliseconds{1}, {}, "v");
  bytes[1] = 0x20;  // format 2
  EXPECT_EQ(found_in(bytes), finding::newer);
  bytes[1] = 0x14;  // kind 4
  EXPECT_EQ(found_in(bytes), finding::newer);
}

TEST(judgement, RefusesAnotherKeysEntryAndOneThatIsNotWhole) {
  const std::string bytes = entry_of(entry::kind::value, milliseconds{1}, {}, "value");
  const judgement other = judge(bytes, digest + 1, noon);
  EXPECT_EQ(other.what, finding::damaged);
  EXPECT_EQ(other.read.head.produced_by.bytes.back(), 9) << "the lease is to name what it refuses";
  EXPECT_EQ(found_in(std::string_view{bytes}.substr(0, bytes.size() - 1)), finding::damaged);
  EXPECT_EQ(found_in(entry_of(entry::kind::absent, milliseconds{1}) + "x"), finding::damaged);
  EXPECT_EQ(judge(bytes, digest, noon).read.payload, "value");
}

TEST(judgement, TakesAValueThatWasExpiredByHandForStaleAtOnce) {
  std::string bytes = entry_of(entry::kind::value, milliseconds{50}, milliseconds{100}, "v");
  bytes[2] = static_cast<char>(entry::envelope::flag_expired_by_hand);
  EXPECT_EQ(found_in(bytes), finding::stale);
}

}  // namespace
}  // namespace drover::fetch
