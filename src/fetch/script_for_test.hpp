// SPDX-License-Identifier: MIT
// A flight's life as a script: what the machine asks for, and what happens then. `ends_with` plays
// it as written; `survives_everything_at_every_step` plays it again with something going wrong at
// each step, and lets the rest go its usual way.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fetch/stage_for_test.hpp"

namespace drover::fetch::testing {

using event = std::function<void(stage&)>;

// --- beginnings
inline event cold() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_cold(out); }); };
}
inline event bypass() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_bypass(out); }); };
}
/// Of entry #200, which can be served for so long.
inline event refresh(milliseconds servable = milliseconds{60'000}) {
  return [servable](stage& on) {
    on.begin(
        [&](actions& out) { on.machine.start_refresh(numbered(200), on.now + servable, out); });
  };
}

// --- replies
inline event lead(std::uint32_t attempts = 0) {
  return [attempts](stage& on) {
    lease::lease_reply reply = answered(lease::lease_reply::how::lead);
    reply.attempts = attempts;
    on.lease(reply);
  };
}
/// Holder `token` with client id 7 has a lease until `until`, with `left` to go.
inline event wait(unsigned token, int until = 900, milliseconds left = stage::lease_ttl) {
  return [=](stage& on) {
    entry::envelope head;
    head.what = entry::kind::pending;
    head.produced_by = numbered(token);
    head.until = server_time{milliseconds{until}};
    head.holder_client_id = 7;
    lease::lease_reply reply = answered(lease::lease_reply::how::wait);
    reply.left = left;
    reply.entry_bytes = entry::encode(head, {});
    on.lease(reply);
  };
}
inline event hit() {
  return [](stage& on) { on.lease(answered(lease::lease_reply::how::hit)); };
}
inline event failed_elsewhere() {
  return [](stage& on) { on.lease(answered(lease::lease_reply::how::failed)); };
}
inline event newer() {
  return [](stage& on) { on.lease(answered(lease::lease_reply::how::newer)); };
}
inline event stored() {
  return [](stage& on) { on.fill(lease::fill_reply::how::stored); };
}
inline event duplicate() {
  return [](stage& on) { on.fill(lease::fill_reply::how::duplicate); };
}
inline event refused() {
  return [](stage& on) { on.fill(lease::fill_reply::how::refused); };
}
inline event renewed(bool applied = true) {
  return [applied](stage& on) { on.renew(applied); };
}
inline event released(bool applied = true) {
  return [applied](stage& on) { on.release(applied); };
}
inline event marked(bool won = true, bool still_due = true) {
  return [=](stage& on) { on.mark(won, still_due); };
}
inline event promoted(bool applied = true) {
  return [applied](stage& on) { on.promote(applied); };
}
inline event fails(const mishap& how) {
  return [how](stage& on) { on.oldest_fails(how); };
}
inline const mishap& reply_lost = mishaps[0];
inline const mishap& redis_away = mishaps[1];

// --- everything else
inline event turn() {
  return [](stage& on) { on.turn(); };
}
inline event taken() {
  return [](stage& on) {
    on.fresh.clear();
    on.taken();
  };
}
inline event loaded() {
  return [](stage& on) { on.load_ends(load_outcome::value); };
}
inline event not_stored() {
  return [](stage& on) { on.load_ends(load_outcome::not_stored); };
}
inline event threw() {
  return [](stage& on) { on.load_ends(load_outcome::threw); };
}
inline event passes(milliseconds time) {
  return [time](stage& on) { on.passes(time); };
}
inline event connection_lost() {
  return [](stage& on) { on.connection_lost(); };
}
inline event invalidated() {
  return [](stage& on) { on.invalidated(); };
}
inline event woken() {
  return [](stage& on) { on.woken(); };
}
inline event holder_gone() {
  return [](stage& on) { on.holder_gone(); };
}
inline event server_replaced() {
  return [](stage& on) { on.server_replaced(); };
}
inline event thread_missing() {
  return [](stage& on) { on.thread_missing(); };
}
inline event turn_is_lent() {
  return [](stage& on) { on.turn_is_lent(); };
}
inline event turn_is_refused() {
  return [](stage& on) { on.turn_is_refused(); };
}
inline event collapses() {
  return [](stage& on) { on.collapses(); };
}
inline event uncacheable() {
  return [](stage& on) { on.lease(answered(lease::lease_reply::how::uncacheable)); };
}
inline event bypass_alone() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_bypass_alone(out); }); };
}
inline event unstored() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_unstored(on.now, out); }); };
}
inline event drained() {
  return [](stage& on) { on.drained(); };
}
inline event abandoned() {
  return [](stage& on) { on.abandoned(); };
}

class script {
 public:
  explicit script(event beginning) : steps_{{"", std::move(beginning)}} {}

  /// The machine has asked for exactly these, in this order; then this happens.
  script& expect(std::string asked, event then) {
    steps_.push_back({std::move(asked), std::move(then)});
    return *this;
  }

  /// The last thing that happened made the machine ask for these, and so it ended.
  script& ends_with(const std::string& asked, const std::string& how) {
    stage on;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (i > 0) {
        EXPECT_EQ(text_of(on.fresh), steps_[i].asked) << "before event " << i;
      }
      steps_[i].then(on);
    }
    EXPECT_EQ(text_of(on.fresh), asked) << "at the end";
    EXPECT_EQ(text_of(on.machine.end()), how);
    EXPECT_EQ(on.machine.now_in(), flight::state::ended);
    on.check_accounts();
    for (const std::string& one : on.complaints) ADD_FAILURE() << one;
    return *this;
  }

  script& survives_a_store_fault_at_every_step() {
    for (const mishap& how : mishaps) {
      for (const mishap* always : {static_cast<const mishap*>(nullptr), &how}) {
        disturb(std::string{how.name} + (always != nullptr ? ", from then on" : ", once"), always,
                [&](stage& on) {
                  if (!on.has_outstanding()) return false;
                  while (on.has_outstanding()) {
                    on.oldest_fails(how);
                    if (how.is_available) break;
                  }
                  if (how.code == fault_code::unreachable) on.connection_lost();
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
      const event& what = disturbance.second;
      for (const mishap* always : {static_cast<const mishap*>(nullptr), &mishaps[0], &mishaps[1]}) {
        const std::string then = always != nullptr ? std::string{", then "} + always->name : "";
        disturb(name + then, always, [&](stage& on) {
          what(on);
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
    std::string asked;
    event then;
  };

  template <class Disturbance>
  void disturb(const std::string& name, const mishap* always, Disturbance what) {
    for (std::size_t at = 1; at <= steps_.size(); ++at) {
      for (const load_outcome load :
           {load_outcome::value, load_outcome::not_stored, load_outcome::threw}) {
        stage on;
        for (std::size_t i = 0; i < at; ++i) steps_[i].then(on);
        const std::string before = text_of(on.fresh);
        if (!what(on)) continue;
        on.runs_out(load, always);
        for (const std::string& one : on.complaints) {
          ADD_FAILURE() << one << "\n  " << name << " before event " << at << ", after \"" << before
                        << "\"; the load's outcome: " << static_cast<int>(load);
        }
      }
    }
  }

  std::vector<step> steps_;
};

}  // namespace drover::fetch::testing
