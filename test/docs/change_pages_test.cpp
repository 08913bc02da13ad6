// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/invalidate-after-commit.md, own-types.md and
// roll-out-a-format.md, and of the statements of these pages about it.
#include <drover/cache.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/cached_origin.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

struct point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  bool operator==(const point&) const = default;
};

}  // namespace drover::test

// Composed of the codecs that the library has: each number has four bytes.
template <>
struct drover::codec<drover::test::point> {
  using point = drover::test::point;
  using number = drover::codec<std::int32_t>;

  static std::string encode(const point& p) { return number::encode(p.x) + number::encode(p.y); }

  static drover::result<point> decode(std::string_view bytes) {
    if (bytes.size() != 8) return drover::fault{drover::fault_code::corrupt, "not a point"};
    return point{*number::decode(bytes.substr(0, 4)), *number::decode(bytes.substr(4))};
  }
};

namespace drover::test::change_pages_test {
namespace {

using namespace std::chrono_literals;

struct outbox_row {
  std::uint64_t number = 0;
  std::string key;
};

/// A table of users and an outbox, which change in one transaction.
class database {
 public:
  std::string name_of(std::string_view id) const { return names_.find(id)->second; }
  void rename(std::string_view id, std::string name) {  // UPDATE users; INSERT INTO outbox; COMMIT
    names_.insert_or_assign(std::string{id}, std::move(name));
    outbox_.emplace(++last_, id);
  }
  std::vector<outbox_row> outbox() const {  // SELECT number, key FROM outbox ORDER BY number
    std::vector<outbox_row> rows;
    for (const auto& [number, key] : outbox_) rows.push_back({number, key});
    return rows;
  }
  void remove_from_outbox(std::uint64_t number) { outbox_.erase(number); }

 private:
  std::map<std::string, std::string, std::less<>> names_{{"42", "Ada"}};
  std::map<std::uint64_t, std::string> outbox_;
  std::uint64_t last_ = 0;
};

// One round of the worker that empties the outbox. It runs every second, in one process or in all.
std::size_t empty_outbox(database& db, drover::cache<std::string>& users) {
  std::size_t count = 0;
  for (const outbox_row& row : db.outbox()) {
    if (!users.invalidate(row.key)) break;  // not acknowledged: the row stays for the next round
    db.remove_from_outbox(row.number);
    ++count;
  }
  return count;
}

class change_pages : public testing::Test {
 protected:
  client another_client() const { return client{cache_setup{.url = server.url()}.client()}; }
  drover::cache<std::string> user_cache(const client& on) {
    return {on, {.name = "user", .policy = {.ttl = 1h}}, [this](std::string_view id) {
              return db.name_of(id);
            }};
  }

  redis_server server;
  client redis{another_client()};
  database db;
};

TEST_F(change_pages, AnInvalidationBeforeTheCommitLeavesTheOldValue) {
  drover::cache<std::string> users = user_cache(redis);
  ASSERT_TRUE(users.invalidate("42").has_value());
  EXPECT_EQ(users.get("42"), "Ada") << "a reader comes between the two";
  db.rename("42", "Grace");
  EXPECT_EQ(users.get("42"), "Ada") << "and this is what everybody reads for an hour";
}

TEST_F(change_pages, ACrashBetweenCommitAndInvalidationIsRepairedFromTheOutbox) {
  drover::cache<std::string> users = user_cache(redis);
  EXPECT_EQ(users.get("42"), "Ada");
  db.rename("42", "Grace");  // and the process ends before it invalidates
  EXPECT_EQ(users.get("42"), "Ada");

  const client of_another_process{another_client()};
  drover::cache<std::string> other_users = user_cache(of_another_process);
  EXPECT_EQ(empty_outbox(db, other_users), 1U);
  EXPECT_EQ(users.get("42"), "Grace");
  EXPECT_EQ(empty_outbox(db, other_users), 0U);
}

TEST_F(change_pages, ARowStaysInTheOutboxUntilRedisAcknowledgesIt) {
  drover::cache<std::string> users = user_cache(redis);
  db.rename("42", "Grace");
  server.stop();
  EXPECT_EQ(empty_outbox(db, users), 0U);
  EXPECT_EQ(db.outbox().size(), 1U);
}

TEST_F(change_pages, ACodecReadsWhatItWroteAndRefusesTheRest) {
  static_assert(drover::encodable<point>);
  const point origin{-1, 70'000};
  const std::string bytes = drover::codec<point>::encode(origin);
  EXPECT_EQ(*drover::codec<point>::decode(bytes), origin);
  for (const std::string_view other : {std::string_view{}, std::string_view{"7 bytes"}}) {
    EXPECT_EQ(drover::codec<point>::decode(other).error().code, drover::fault_code::corrupt);
  }
}

TEST_F(change_pages, TheStoredBytesChangeOnlyWithTheSchema) {
  // When this fails, raise `schema`: other processes cannot read what this one writes.
  EXPECT_EQ(drover::codec<point>::encode({1, -2}), std::string("\0\0\0\1\xff\xff\xff\xfe", 8));
}

TEST_F(change_pages, BytesThatTheCodecRefusesAreAMiss) {
  cache<std::string> texts{redis, {.name = "point", .policy = {.ttl = 1h}}, [](std::string_view) {
                             return std::string{"not a point"};
                           }};
  static_cast<void>(texts.get("a"));
  const client other{another_client()};
  cache<point> points{other, {.name = "point", .policy = {.ttl = 1h}}, [](std::string_view) {
                        return point{3, 4};
                      }};
  const fetched<point> read = points.fetch("a");
  EXPECT_EQ(read.value, (point{3, 4}));
  EXPECT_EQ(read.how, served::loaded);
  EXPECT_EQ(points.stats().corrupt_entries, 1U);
}

TEST_F(change_pages, TheNewHalfOfADeploymentInvalidatesForTheOldHalf) {
  const auto load = [this](std::string_view id) { return db.name_of(id); };
  drover::cache<std::string> old_half{redis, {.name = "user", .policy = {.ttl = 1h}}, load};
  const client of_another_process{another_client()};
  drover::cache<std::string> new_half{
      of_another_process,
      {.name = "user", .schema = 2, .policy = {.ttl = 1h}, .also_invalidates = {1}},
      load};
  EXPECT_EQ(old_half.get("42"), "Ada");
  EXPECT_EQ(new_half.get("42"), "Ada");
  db.rename("42", "Grace");
  ASSERT_TRUE(new_half.invalidate("42").has_value());
  EXPECT_EQ(old_half.get("42"), "Grace");
  EXPECT_EQ(new_half.get("42"), "Grace");

  db.rename("42", "Hedy");
  ASSERT_TRUE(old_half.invalidate("42").has_value());
  EXPECT_EQ(new_half.get("42"), "Grace") << "the old half does not know the new schema";
}

TEST_F(change_pages, ADeploymentInTwoStepsInvalidatesInBothDirections) {
  const auto load = [this](std::string_view id) { return db.name_of(id); };
  const client of_a_prepared_process{another_client()};
  drover::cache<std::string> prepared{
      of_a_prepared_process,
      {.name = "user", .schema = 1, .policy = {.ttl = 1h}, .also_invalidates = {2}},
      load};
  const client of_a_new_process{another_client()};
  drover::cache<std::string> switched{
      of_a_new_process,
      {.name = "user", .schema = 2, .policy = {.ttl = 1h}, .also_invalidates = {1}},
      load};
  for (drover::cache<std::string>* writer : {&prepared, &switched}) {
    db.rename("42", "Ada");
    ASSERT_TRUE(writer->invalidate("42").has_value());
    EXPECT_EQ(prepared.get("42"), "Ada");
    EXPECT_EQ(switched.get("42"), "Ada");
    db.rename("42", "Grace");
    ASSERT_TRUE(writer->invalidate("42").has_value());
    EXPECT_EQ(prepared.get("42"), "Grace");
    EXPECT_EQ(switched.get("42"), "Grace");
  }
}

}  // namespace
}  // namespace drover::test::change_pages_test
