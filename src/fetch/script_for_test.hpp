// SPDX-License-Identifier: MIT
// A flight as a script: the actions of the machine, and the next event. `ends_with` plays the
// script as written. `survives_everything_at_every_step` plays it many times; each time another
// fault occurs at some step, and the rest succeeds.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "fetch/events_for_test.hpp"
#include "fetch/stage_for_test.hpp"

namespace drover::fetch::testing {

class script {
 public:
  explicit script(event beginning) : steps_{{"", std::move(beginning)}} {}

  /// The machine has asked for exactly these actions, in this order; then the event happens.
  script& expect(std::string actions_text, event then) {
    steps_.push_back({std::move(actions_text), std::move(then)});
    return *this;
  }

  /// The last event made the machine ask for these actions, and the flight ended like this.
  script& ends_with(const std::string& actions_text, const std::string& ending) {
    stage on;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (i > 0) {
        EXPECT_EQ(text_of(on.fresh), steps_[i].actions_text) << "before event " << i;
      }
      steps_[i].then(on);
    }
    EXPECT_EQ(text_of(on.fresh), actions_text) << "at the end";
    EXPECT_EQ(text_of(on.machine.end()), ending);
    EXPECT_EQ(on.machine.now_in(), flight::state::ended);
    on.check_accounts();
    for (const std::string& complaint : on.books.complaints) ADD_FAILURE() << complaint;
    return *this;
  }

  script& survives_a_store_fault_at_every_step() {
    for (const mishap& cause : mishaps) {
      for (const mishap* always : {static_cast<const mishap*>(nullptr), &cause}) {
        disturb(std::string{cause.name} + (always != nullptr ? ", from then on" : ", once"), always,
                [&](stage& on) {
                  if (!on.has_outstanding()) return false;
                  while (on.has_outstanding()) {
                    on.oldest_fails(cause);
                    if (cause.is_available) break;
                  }
                  if (cause.code == fault_code::unreachable) on.connection_lost();
                  return true;
                });
      }
    }
    return *this;
  }

  script& survives_everything_at_every_step() {
    survives_a_store_fault_at_every_step();
    const std::pair<const char*, event> disturbances[] = {
        {"connection lost", connection_lost()},
        {"invalidated", invalidated()},
        {"woken", woken()},
        {"holder gone", holder_gone()},
        {"drained", drained()},
        {"abandoned", abandoned()},
        {"a third of a lease passes", passes(stage::lease_ttl / 3)},
        {"load_max passes", passes(stage::load_max)},
        {"server replaced", server_replaced()},
        {"no thread", thread_missing()},
        {"a turn is lent", turn_is_lent()},
    };
    for (const auto& disturbance : disturbances) {
      const std::string name = disturbance.first;
      const event& disturbing = disturbance.second;
      for (const mishap* always : {static_cast<const mishap*>(nullptr), &mishaps[0], &mishaps[1]}) {
        const std::string then = always != nullptr ? std::string{", then "} + always->name : "";
        disturb(name + then, always, [&](stage& on) {
          disturbing(on);
          return true;
        });
      }
    }
    disturb("collapse", nullptr, [&](stage& on) {
      on.collapses();
      return true;
    });
    return *this;
  }

 private:
  struct step {
    std::string actions_text;
    event then;
  };

  template <class Disturbance>
  void disturb(const std::string& name, const mishap* always, Disturbance disturbing) {
    for (std::size_t at = 1; at <= steps_.size(); ++at) {
      for (const load_outcome load :
           {load_outcome::value, load_outcome::not_stored, load_outcome::threw}) {
        stage on;
        for (std::size_t i = 0; i < at; ++i) steps_[i].then(on);
        const std::string before = text_of(on.fresh);
        if (!disturbing(on)) continue;
        on.runs_out(load, always);
        for (const std::string& complaint : on.books.complaints) {
          ADD_FAILURE() << complaint << "\n  " << name << " before event " << at << ", after \""
                        << before << "\"; the load's outcome: " << static_cast<int>(load);
        }
      }
    }
  }

  std::vector<step> steps_;
};

}  // namespace drover::fetch::testing
