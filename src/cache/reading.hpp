// SPDX-License-Identifier: MIT
// One call of get, fetch or get_or_load, from its own GET to its answer.
//
// Threads: the caller's, and it alone.
#pragma once

#include <drover/detail/engine.hpp>
#include <drover/failure.hpp>

#include <memory>
#include <optional>
#include <string_view>

#include "cache/core.hpp"
#include "fetch/judgement.hpp"

namespace drover::detail {

class reading {
 public:
  reading(core& on, std::shared_ptr<cache_part> of, std::string_view key,
          const call_options& limits, const erased_loader* borrowed);

  [[nodiscard]] erased_fetched fetch();
  [[nodiscard]] erased_value peek();
  /// Loads again, whatever is stored; blocks until that is done or under way elsewhere.
  void refresh();

 private:
  using maybe = std::optional<erased_fetched>;
  enum class woke : std::uint8_t { ended, lead, restart, deadline, stopped };

  [[nodiscard]] std::optional<std::string> look_up();
  [[nodiscard]] maybe answer(const std::optional<std::string>& bytes);
  [[nodiscard]] maybe serve_live(const fetch::judgement& found);
  [[nodiscard]] maybe serve_stale(const entry::envelope& head, erased_value value);
  [[nodiscard]] maybe refresh_here(const entry::envelope& head, const erased_value& value,
                                   bool early);
  void refresh_behind(const entry::envelope& head, const erased_value& value, bool early);
  [[noreturn]] void throw_failed(const entry::envelope& head, std::string_view payload);
  [[nodiscard]] maybe fly(core::beginning how);
  [[nodiscard]] woke wait(live_flight& flight, std::uint64_t stamp);
  [[nodiscard]] maybe joined(live_flight& flight);
  [[nodiscard]] maybe read_by_lease(const fetch::ending& end);
  [[nodiscard]] maybe lead(const flight_ptr& flight);
  [[nodiscard]] bool delegate(const flight_ptr& flight);
  [[noreturn]] void refuse(refused::reason why);
  [[nodiscard]] erased_value decode(std::string_view payload, const entry::envelope& head);
  void count_corrupt(std::string_view text);
  [[nodiscard]] const erased_loader& loader() const noexcept {
    return borrowed_ != nullptr ? *borrowed_ : of_->loader;
  }

  core& core_;
  std::shared_ptr<cache_part> of_;
  key_names names_;
  call_options limits_;
  const erased_loader* borrowed_;
  store::wait_limit wait_limit_;
  std::optional<steady_time> wait_ends_;
  entry::token refused_{};
  bool missed_ = false;
  bool bypass_ = false;  ///< what look_up found says: do not ask for a lease
  bool solo_ = false;
};

}  // namespace drover::detail
