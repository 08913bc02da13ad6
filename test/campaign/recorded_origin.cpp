// SPDX-License-Identifier: MIT
#include "campaign/recorded_origin.hpp"

#include <chrono>
#include <random>
#include <thread>

#include "campaign/value_text.hpp"

namespace drover::campaign {

std::string recorded_origin::load(std::uint32_t key, std::uint8_t flags,
                                  std::uint32_t grant_age_ms) {
  history::record fields;
  fields.action = history::action::load;
  fields.key = key;
  fields.flags = flags;
  fields.limit_ms = grant_age_ms;
  fields.load_id = ++table().load_ids;
  history::record* const begun = records_.begin(fields);
  origin_table::row& row = table_.of(key);
  ++row.loads;
  const std::uint32_t version = row.version;
  if (begun != nullptr) begun->version = version;
  take_time(fields.load_id);
  const bool fails = !plan_.is_calm && table().phase == phase::running && fields.load_id % 97 == 0;
  record_file::end(begun, fails ? history::outcome::threw : history::outcome::done);
  if (fails) throw origin_failure{"the load was set to fail"};
  return value_text({.key = key, .version = version, .load_id = fields.load_id});
}

// Most loads take a few milliseconds, some longer than the half of a lease, and a few longer than
// a lease.
void recorded_origin::take_time(std::uint64_t load_id) const {
  const origin_place place{table()};
  std::uint32_t us = table().load_us;
  if (us == 0) {
    std::mt19937_64 random{plan_.seed ^ (load_id * 0x9E3779B97F4A7C15U)};
    const std::uint64_t luck = random() % 1000;
    us = static_cast<std::uint32_t>(random() % 20'000);
    if (luck < 40) us += 200'000;
    if (luck < 4) us += 400'000;
  }
  std::this_thread::sleep_for(std::chrono::microseconds{us});
}

std::uint32_t recorded_origin::write(std::uint32_t key) {
  history::record fields;
  fields.action = history::action::write;
  fields.key = key;
  history::record* const begun = records_.begin(fields);
  const std::uint32_t version = ++table_.of(key).version;
  if (begun != nullptr) begun->version = version;
  record_file::end(begun, history::outcome::done);
  return version;
}

}  // namespace drover::campaign
