// SPDX-License-Identifier: MIT
// The loaders of a simulated program, and its deliberate mistakes.
#include <algorithm>
#include <thread>

#include "world/play/program.hpp"
#include "world/play/sabotage.hpp"

namespace drover::world {

using namespace std::chrono_literals;

namespace {

constexpr virtual_time nested_deadline = 2s;

}  // namespace

loaded<std::string> program::load(unsigned cache, std::string_view key, drover::load& run) {
  const row of{cache, static_cast<unsigned>(std::stoul(std::string{key.substr(1)}))};
  const loader_plan& with = in_.planned.loader;
  counts_[cache].loads += in_.planned.wrong == sabotage::miscounts ? 2 : 1;
  const std::size_t number = in_.database.begin_load(of, number_, in_.system.now());
  const auto [granted, is_certain_turn, may_be_turn] = in_.take_grant(number_, of);
  in_.database.load(number).granted = granted;
  in_.database.load(number).is_without_redis = is_certain_turn;
  in_.database.load(number).may_be_without_redis = may_be_turn;
  in_.database.load(number).thread = in_.system.running().number;
  if (in_.prints()) {
    in_.print("process " + std::to_string(number_) + ": load " + std::to_string(number) + " of " +
              name_of(of) + " begins");
  }
  in_.database.load(number).is_refresh = is_a_refresh(in_.database.load(number));
  check_single_load(of, number);
  check_turns(number);
  ++loads_running_;
  count_beside();
  struct ended_at_exit {
    program& of;
    std::size_t load;
    ~ended_at_exit() {
      --of.loads_running_;
      of.in_.database.load(load).end = of.in_.system.now();
    }
  } const in_progress{*this, number};
  // At the end every load succeeds, and its value is stored.
  const bool must_succeed =
      of.key == last_key ||
      (in_.planned.compares_at_the_end && in_.now() >= in_.planned.faults_end + in_.planned.settle);
  if (!must_succeed && in_.system.draw(100) < with.nested && cache == 0)
    load_nested({1, of.key}, number);
  const auto spread = static_cast<std::uint64_t>((with.longest - with.shortest).count()) + 1;
  microseconds span = with.shortest + microseconds{in_.system.draw(spread)};
  if (!must_succeed && in_.system.draw(100) < with.hanging)
    span = microseconds{in_.planned.policy.load_max} * 3;
  const microseconds before_read = span * static_cast<std::int64_t>(in_.system.draw(101)) / 100;
  std::this_thread::sleep_for(before_read);
  const std::uint32_t version = in_.database.version(of);
  in_.database.load(number).version = version;
  std::this_thread::sleep_for(span - before_read);
  static_cast<void>(run.is_lease_lost());
  check_stop(of, in_.database.load(number), run.stop_token().stop_requested());
  if (run.stop_token().stop_requested() && in_.system.draw(100) < with.obedient) {
    in_.database.load(number).has_failed = true;
    throw origin_failed{number};
  }
  if (!must_succeed && in_.system.draw(100) < with.failing) {
    in_.database.load(number).has_failed = true;
    throw origin_failed{number};
  }
  if (!in_.database.has_row(of, version) && of.key != last_key) return {std::nullopt};
  if (!must_succeed && in_.system.draw(100) < with.unstored)
    return loaded<std::string>::do_not_store(value_text(of, version, number));
  return value_text(of, version, number);
}

void program::load_nested(row of, std::size_t outer) {
  planned_call inner{.is = planned_call::kind::get,
                     .cache = of.cache,
                     .key = of.key,
                     .deadline = {},
                     .stop_after = {}};
  call_options limits;
  if (in_.planned.loader.limited > 0 && in_.system.draw(100) < in_.planned.loader.limited) {
    inner.deadline = nested_deadline;
    limits.deadline = std::chrono::steady_clock::now() + nested_deadline;
  }
  const virtual_time began = in_.system.now();
  if (in_.planned.wrong == sabotage::is_slow_within_loads) std::this_thread::sleep_for(1s);
  const auto refusal = read(inner, limits, in_.database.floor(of));
  check_promptness(inner, began, true);
  if (!refusal || in_.system.draw(100) >= in_.planned.loader.escaping) return;
  in_.database.load(outer).has_failed = true;
  throw refused{*refusal};
}

void program::make_mistake(row of) {
  if (in_.planned.wrong == sabotage::loads_twice) {
    std::thread beside = start_thread([this, of] { load_beside(of); });
    load_beside(of);
    beside.join();
  }
  if (in_.planned.wrong == sabotage::is_slow_beside_loads) {
    const auto runs_elsewhere = [&](const load_record& load) {
      return load.process != number_ && load.of == of && !load.end;
    };
    while (std::ranges::any_of(in_.database.loads(), runs_elsewhere))
      std::this_thread::sleep_for(1ms);
  }
  if (in_.planned.wrong == sabotage::comes_late) std::this_thread::sleep_for(1h);
  if (in_.planned.wrong == sabotage::is_slow) std::this_thread::sleep_for(500ms);
  if (in_.planned.wrong == sabotage::serves_ended_loads) {
    if (const auto stored = stored_payload(in_, of))
      check_value(of, 0, in_.system.now(), stored, served::bypassed);
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
