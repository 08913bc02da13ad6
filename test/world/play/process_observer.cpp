// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <string_view>

#include "world/play/program.hpp"

namespace drover::world {
namespace {

row row_of(std::string_view cache, std::string_view key) {
  return {cache == "a" ? 0U : 1U, static_cast<unsigned>(std::stoul(std::string{key.substr(1)}))};
}

class observer : public drover::observer {
 public:
  explicit observer(universe& in, unsigned process) : in_{in}, process_{process} {}

  void on_event(const drover::event& reported) override {
    if (!reported.cache.empty())
      in_.note_event(process_, reported.cache == "a" ? 0 : 1, reported.kind);
    switch (reported.kind) {
      case event_kind::fill_refused: in_.add(overlap::fill_refused); break;
      case event_kind::lease_lost:
        in_.add(overlap::lease_lost);
        in_.note_lost_lease(process_, row_of(reported.cache, reported.key));
        break;
      case event_kind::lease_taken_over: in_.add(overlap::lease_taken_over); break;
      case event_kind::load_timed_out:
        in_.add(overlap::load_timed_out);
        in_.note_timeout(row_of(reported.cache, reported.key));
        break;
      case event_kind::bypass_started:
      case event_kind::lease_granted:
        in_.note_grant(process_, row_of(reported.cache, reported.key),
                       reported.kind == event_kind::bypass_started);
        break;
      case event_kind::connection_up: in_.note_connection(process_); break;
      case event_kind::connection_down:
        in_.add(overlap::connection_lost);
        check_loss(reported.text);
        in_.note_connection_loss(process_);
        break;
      case event_kind::refresh_started:
        in_.add(overlap::refresh);
        in_.note_refresh(process_, row_of(reported.cache, reported.key));
        in_.note_grant(process_, row_of(reported.cache, reported.key), false);
        break;
      case event_kind::invalidation_unknown:
        in_.add(overlap::invalidation_unknown);
        in_.note_sent_again(row_of(reported.cache, reported.key));
        if (reported.text.find("READONLY") != std::string_view::npos) in_.note_readonly(process_);
        break;
      default: break;
    }
    if (!in_.prints()) return;
    in_.print("process " + std::to_string(process_) + ": " +
              std::string{drover::to_string(reported.kind)} + ' ' + std::string{reported.cache} +
              ' ' + std::string{reported.key} + ' ' + std::string{reported.text});
  }

 private:
  // While the network and the server are well, no connection is lost.
  void check_loss(std::string_view why) {
    using kind = planned_fault::kind;
    const bool is_well = std::ranges::all_of(in_.planned.faults, [](const planned_fault& fault) {
      return fault.is == kind::flush_keys || fault.is == kind::evict || fault.is == kind::damage ||
             fault.is == kind::long_entry || fault.is == kind::failed_entry ||
             fault.is == kind::damaged_entries || fault.is == kind::no_invalidation;
    });
    const bool is_closed = in_.is_ending.at(process_) || in_.planned.idle_max > virtual_time{};
    if (is_well && !is_closed) {
      in_.report("lost", "process " + std::to_string(process_) +
                             " gave its connection up although nothing is wrong with it: " +
                             std::string{why});
    }
  }

  universe& in_;
  unsigned process_;
};

}  // namespace

std::shared_ptr<drover::observer> observe(universe& in, unsigned process_number) {
  return std::make_shared<observer>(in, process_number);
}

}  // namespace drover::world
