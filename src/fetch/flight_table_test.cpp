// SPDX-License-Identifier: MIT
#include "fetch/flight_table.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "fetch/quiet_keys.hpp"

namespace drover::fetch::flight_table_test {
namespace {

struct record {
  explicit record(flight_settings with = {}) : machine{std::move(with)} {}
  flight machine;
};

const auto machine_of = [](record& entry) -> const flight& { return entry.machine; };

flight_settings settings() {
  return {.refused = {}, .new_token = [] {
            entry::token begun_flight;
            begun_flight.bytes.back() = 1;
            return begun_flight;
          }};
}

std::shared_ptr<record> begun(beginning start) {
  auto begun_flight = std::make_shared<record>(settings());
  actions out;
  switch (start) {
    case beginning::cold: begun_flight->machine.start_cold(out); break;
    case beginning::bypass: begun_flight->machine.start_bypass(out); break;
    case beginning::bypass_alone: begun_flight->machine.start_bypass_alone(out); break;
    case beginning::unstored: begun_flight->machine.start_unstored({}, out); break;
  }
  return begun_flight;
}

TEST(flight_table, LetsCallersJoinTheFlightOfTheirKeyHoweverFullItIs) {
  flight_table<record> table{1};
  const auto flight = begun(beginning::cold);
  table.enter("a", flight);
  EXPECT_TRUE(table.is_full());
  EXPECT_EQ(table.open("a", beginning::cold, machine_of), flight);
  EXPECT_EQ(table.open("a", beginning::bypass, machine_of), flight);
  EXPECT_EQ(table.open("b", beginning::cold, machine_of), nullptr);
  table.remove("a", *flight);
  EXPECT_FALSE(table.is_full());
  EXPECT_EQ(table.open("a", beginning::cold, machine_of), nullptr);
}

TEST(flight_table, KeepsBypassesOfSingleCallsApart) {
  flight_table<record> table{10};
  const auto alone = begun(beginning::bypass_alone);
  table.enter("a", alone);
  EXPECT_EQ(table.open("a", beginning::cold, machine_of), nullptr);
  EXPECT_EQ(table.open("a", beginning::bypass_alone, machine_of), alone);
  const auto cold = begun(beginning::cold);
  table.enter("a", cold);
  EXPECT_EQ(table.open("a", beginning::cold, machine_of), cold);
  EXPECT_EQ(table.of_key("a").size(), 2U);
  EXPECT_EQ(table.size(), 2U);
}

TEST(flight_table, FindsFlightsOneByOneWithoutMemory) {
  flight_table<record> table{10};
  const auto first = begun(beginning::cold);
  const auto second = begun(beginning::cold);
  table.enter("a", first);
  table.enter("b", second);
  const auto is = [](const std::shared_ptr<record>& wanted_record) {
    return [wanted_record](record& entry) { return &entry == wanted_record.get(); };
  };
  EXPECT_EQ(table.find(std::nullopt, is(second)), second);
  EXPECT_EQ(table.find("a", is(first)), first);
  EXPECT_EQ(table.find("a", is(second)), nullptr);
  EXPECT_EQ(table.find("c", is(second)), nullptr);
}

TEST(quiet_keys, ForgetAKeyWhenItsTimeIsOver) {
  quiet_keys keys{2};
  const steady_time now{microseconds{1000}};
  keys.note("a", now + microseconds{10});
  EXPECT_TRUE(keys.is_quiet("a", now));
  EXPECT_FALSE(keys.is_quiet("b", now));
  EXPECT_FALSE(keys.is_quiet("a", now + microseconds{10}));
  EXPECT_FALSE(keys.is_quiet("a", now)) << "it was forgotten";
}

TEST(quiet_keys, HoldNoMoreThanTheirCapacity) {
  quiet_keys keys{2};
  const steady_time now{microseconds{1000}};
  const steady_time later = now + microseconds{10};
  keys.note("a", later);
  keys.note("b", later);
  keys.note("c", later);
  EXPECT_FALSE(keys.is_quiet("a", now));
  EXPECT_TRUE(keys.is_quiet("c", now));
}

}  // namespace
}  // namespace drover::fetch::flight_table_test
