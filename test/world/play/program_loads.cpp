// SPDX-License-Identifier: MIT
// The loaders of a simulated program, and its deliberate mistakes.
#include <thread>

#include "world/play/program.hpp"
#include "world/play/sabotage.hpp"

namespace drover::world {

using namespace std::chrono_literals;

loaded<std::string> program::load(unsigned cache, std::string_view key, drover::load& run) {
  const row of{cache, static_cast<unsigned>(std::stoul(std::string{key.substr(1)}))};
  const loader_plan& with = in_.planned.loader;
  ++counts_[cache].loads;
  const std::size_t number = in_.database.begin_load(of, number_, in_.system.now());
  in_.database.load(number).is_bypass = in_.take_bypass(number_, of);
  in_.database.load(number).thread = in_.system.running().number;
  if (in_.prints()) {
    in_.print("process " + std::to_string(number_) + ": load " + std::to_string(number) + " of " +
              name_of(of) + " begins");
  }
  check_single_load(of, number);
  ++loads_running_;
  struct ended_at_exit {
    program& of;
    std::size_t load;
    ~ended_at_exit() {
      --of.loads_running_;
      of.in_.database.load(load).end = of.in_.system.now();
    }
  } const in_progress{*this, number};
  const bool is_last = of.key == last_key;
  if (!is_last && in_.system.draw(100) < with.nested && cache == 0) load_nested({1, of.key});
  const auto spread = static_cast<std::uint64_t>((with.longest - with.shortest).count()) + 1;
  microseconds span = with.shortest + microseconds{in_.system.draw(spread)};
  if (!is_last && in_.system.draw(100) < with.hanging)
    span = microseconds{in_.planned.policy.load_max} * 3;
  const microseconds before_read = span * static_cast<std::int64_t>(in_.system.draw(101)) / 100;
  std::this_thread::sleep_for(before_read);
  const std::uint32_t version = in_.database.version(of);
  in_.database.load(number).version = version;
  std::this_thread::sleep_for(span - before_read);
  static_cast<void>(run.is_lease_lost());
  if (!is_last && in_.system.draw(100) < with.failing) throw origin_failed{number};
  if (!in_.database.has_row(of, version) && !is_last) return {std::nullopt};
  if (!is_last && in_.system.draw(100) < with.unstored)
    return loaded<std::string>::do_not_store(value_text(of, version, number));
  return value_text(of, version, number);
}

void program::load_nested(row of) {
  try {
    const std::uint32_t floor = in_.database.floor(of);
    const virtual_time began = in_.system.now();
    const auto got = caches_[of.cache]->fetch(key_text(of.key));
    if (got.how == served::fresh) ++counts_[of.cache].fresh;
    if (got.how == served::stale) ++counts_[of.cache].stale;
    check_value(of, floor, began, got.value, got.how);
  } catch (const origin_failed&) {
  } catch (const load_failed&) {
  } catch (const refused&) {
    ++counts_[of.cache].refused;
  }
}

void program::make_mistake(row of) {
  if (in_.planned.wrong == sabotage::loads_twice) {
    std::thread beside = start_thread([this, of] { load_beside(of); });
    load_beside(of);
    beside.join();
  }
  if (in_.planned.wrong == sabotage::loses_its_place) {
    const row other{of.cache, (of.key + 1) % in_.planned.keys};
    check_value(of, 0, in_.system.now(), read_out_of_place(in_, other, of), served::fresh);
  }
}

void program::load_beside(row of) {
  const std::size_t number = in_.database.begin_load(of, number_, in_.system.now());
  check_single_load(of, number);
  std::this_thread::sleep_for(1ms);
  in_.database.load(number).end = in_.system.now();
}

}  // namespace drover::world
