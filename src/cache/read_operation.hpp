// SPDX-License-Identifier: MIT
// One call of get, fetch, get_or_load or peek, from its GET to its result.
//
// Threads: only the thread of the caller.
#pragma once

#include <drover/detail/engine.hpp>
#include <drover/failure.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cache/core.hpp"
#include "cache/flight_membership.hpp"
#include "fetch/judgement.hpp"

namespace drover::detail {

class read_operation {
 public:
  read_operation(core& on, std::shared_ptr<cache_part> part, std::string_view key,
                 const call_options& limits, const erased_loader* borrowed);

  [[nodiscard]] erased_fetched fetch();
  [[nodiscard]] erased_value peek();

 private:
  /// The result of one round of the call. When both members are empty, the call starts again.
  struct round {
    std::optional<erased_fetched> answer{};
    std::exception_ptr failure{};
    [[nodiscard]] bool is_over() const noexcept { return answer || failure; }
  };
  enum class woke : std::uint8_t {
    ended,
    lead,          ///< this caller may run the load
    needs_thread,  ///< the load may begin, but this caller cannot run it
    restart,
    value_ready,  ///< the value is loaded, perhaps not stored, and this caller may have it
    reply_late,   ///< Redis has not answered within its share of the deadline
    deadline,
    stopped,
  };

  [[nodiscard]] round once();
  [[nodiscard]] std::optional<round> look_up(std::optional<std::string>& bytes);
  [[nodiscard]] round judge(const std::optional<std::string>& bytes);
  [[nodiscard]] round bypass(fetch::beginning start = fetch::beginning::bypass);
  [[nodiscard]] round serve_live(const fetch::judgement& judgement);
  [[nodiscard]] round serve_stale(const fetch::judgement& judgement, erased_value value);
  [[nodiscard]] round refuse_damaged(const entry::envelope& head);
  [[nodiscard]] bool refuse_pending(const entry::envelope& head);
  [[nodiscard]] std::optional<erased_fetched> refresh_here(const entry::envelope& head,
                                                           const erased_value& value, bool early);
  void refresh_behind(const entry::envelope& head, const erased_value& value, bool early);
  [[nodiscard]] flight_runner::refresh_request refresh_of(const entry::envelope& head,
                                                          const erased_value& value,
                                                          bool early) const;

  [[nodiscard]] round join_flight(fetch::beginning start);
  [[nodiscard]] round wait_as_member(const flight_membership& membership, fetch::beginning start,
                                     steady_time began);
  [[nodiscard]] woke wait(live_flight& flight, std::uint64_t stamp);
  [[nodiscard]] std::optional<woke> look(live_flight& flight, std::uint64_t stamp);
  [[nodiscard]] woke at_deadline(const live_flight& flight, std::uint64_t stamp) const;
  [[nodiscard]] round lead(const flight_ptr& flight);
  [[nodiscard]] bool hand_to_thread(const flight_ptr& flight);
  [[nodiscard]] round joined(live_flight& flight, bool is_vouched_for);
  [[nodiscard]] round take_value(live_flight& flight, bool bypassed);
  [[nodiscard]] round read_by_lease(const fetch::ending& end);
  [[nodiscard]] round without_a_thread();
  [[nodiscard]] round failed_here(live_flight& flight);
  [[nodiscard]] round failed_elsewhere(const entry::envelope& head, std::string_view payload);
  [[nodiscard]] erased_fetched load_outside();

  [[noreturn]] void refuse(refused::reason why);
  [[nodiscard]] bool may_try_own(const entry::token& failed);
  [[nodiscard]] erased_value decode(std::string_view payload, const entry::envelope& head);
  void count_corrupt(std::string_view text);
  /// The server that answered last, or that of the key.
  [[nodiscard]] const store::redis_store& server() const noexcept {
    return server_ != nullptr ? *server_ : core_.redis().at(names_.value_key);
  }
  [[nodiscard]] bool verify(const std::optional<steady_time>& until) const;
  [[nodiscard]] fetch::judgement judged(const std::optional<std::string>& bytes) const;
  [[nodiscard]] const erased_loader& loader() const noexcept {
    return borrowed_ != nullptr ? *borrowed_ : part_->loader;
  }

  core& core_;
  /// Keeps the core alive once a load may run, because the loader may drop the last handle.
  std::shared_ptr<core> keep_;
  std::shared_ptr<cache_part> part_;
  key_names names_;
  call_options limits_;
  const erased_loader* borrowed_;
  std::optional<steady_time> deadline_;     ///< on the clock of `store::now()`
  std::optional<steady_time> reply_due_;    ///< this round waits for Redis until this time
  std::optional<steady_time> waits_since_;  ///< when the call began to need a load
  std::optional<steady_time> wait_ends_;    ///< the end of the wait by `policy::wait_max`
  const bool is_limited_;
  const bool can_lead_;
  /// The load needs another thread, because the call could not leave a loader on its own thread.
  const bool needs_thread_;
  const bool is_unstored_;
  /// The server that answered last.
  const store::redis_store* server_ = nullptr;
  bool missed_ = false;
  /// The key was pending when the request for the judged entry was sent.
  bool was_pending_ = false;
  bool tried_own_ = false;
  bool load_runs_ = false;  // one that this call may share without Redis
  bool reply_is_late_ = false;
  bool found_no_thread_ = false;
  unsigned no_progress_ = 0;  ///< rounds that ended with a damaged entry
  entry::token refused_{};
};

/// Runs the loader without the engine, for calls in a child of `fork` and in callbacks of the
/// connection. Uses no lock that another thread of the parent may have held.
[[nodiscard]] erased_fetched load_without_engine(cache_part& part, std::string_view key,
                                                 const erased_loader* borrowed);

}  // namespace drover::detail
