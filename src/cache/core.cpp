// SPDX-License-Identifier: MIT
#include "cache/core.hpp"

#include <utility>

#include "cache/load_ticket.hpp"
#include "cache/random_draws.hpp"

namespace drover::detail {

namespace {

std::string letters_and_digits(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
  std::string out;
  for (int i = 0; i < 12; ++i, number >>= 5U) out += digits[number & 31U];
  return out;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
std::shared_ptr<observer> observer_of(const client_options& options) {
  return options.event_observer ? options.event_observer : options.observed_by;
}
#pragma GCC diagnostic pop

}  // namespace

core::core(client_options options, server_access to)
    : options_{std::move(options)},
      born_in_{store::fork_count()},
      is_unverified_{(to.tls && !to.tls->verifies()) ||
                     (to.sentinel_tls && !to.sentinel_tls->verifies())},
      report_{observer_of(options_)},
      failures_{options_.flights_max},
      invalidations_{options_.invalidations_max, report_},
      flights_{options_, report_, failures_, invalidations_,
               [this](const flight_ptr& flight, bool only_if_free) {
                 return load_in_background(flight, only_if_free);
               }},
      refresh_threads_{options_.background_threads, options_.background_queue_max,
                       [this] { return is_inherited(); }},
      deadline_threads_{options_.deadline_threads_max, options_.waiters_max,
                        [this] { return is_inherited(); }} {
  using store::redis_store;
  servers_ = std::make_unique<store::servers>(
      settings_of(options_, std::move(to), random_seed()),
      store::server_events{
          .up = [this](const redis_store& on,
                       const connection::greeting& hello) { on_up(on, hello); },
          .down = [this](const redis_store& on, const fault& why) { on_down(on, why); },
          .changed = [this](std::string_view value_key) { flights_.key_changed(value_key); },
          .everything_changed = [this](const redis_store& on) { flights_.everything_changed(on); },
          .waking = [this](const redis_store& on, store::wake_mode mode) { on_waking(on, mode); },
          .refused = [this](const redis_store&, const fault& why) { report_.tell_refused(why); },
          .login_failed = [this](const fault& why) { report_.tell_login_failed(why); },
          .alarm = [this] { flights_.alarm_rang(); },
          .moving =
              [this](const cluster::slot_set& moving) { invalidations_.slots_moving(moving); },
          .moved = [this](const cluster::slot_set& moved) { on_moved(moved); },
      },
      options_.server_keeps_writes, nodes_of(options_));
  flights_.use(*servers_, letters_and_digits(random_seed()));
  invalidations_.use(*servers_);
}

core::~core() {
  flights_.close();
  invalidations_.close();
  refresh_threads_.stop();
  deadline_threads_.stop();
  servers_->close();  // the last completions refer to the members above, and to the servers
}

bool core::is_inherited() const noexcept { return store::fork_count() != born_in_; }

bool core::take_name(const std::string& name, std::uint32_t schema) {
  const guard_lock lock{names_mutex_};
  return names_.emplace(name, schema).second;
}

void core::free_name(const std::string& name, std::uint32_t schema) noexcept {
  const guard_lock lock{names_mutex_};
  for (auto at = names_.begin(); at != names_.end(); ++at) {
    if (at->first != name || at->second != schema) continue;
    names_.erase(at);
    return;
  }
}

std::vector<std::string> core::names() {
  const guard_lock lock{names_mutex_};
  std::vector<std::string> found;
  for (const auto& [name, schema] : names_) {
    if (found.empty() || found.back() != name) found.push_back(name);
  }
  return found;
}

bool core::load_in_background(const flight_ptr& flight, bool only_if_free) noexcept {
  try {
    const std::function<void()> task = [alive = weak_from_this(), flight] {
      if (const auto self = alive.lock()) {
        self->flights_.run_load(flight, flight->part->loader, flight_runner::load_runner::thread);
      }
    };
    return only_if_free ? refresh_threads_.submit_if_free(flight->part.get(), task)
                        : refresh_threads_.submit(flight->part.get(), task);
  } catch (...) {
    return false;
  }
}

bool core::load_in_thread(const flight_ptr& flight, bool only_if_free) noexcept {
  try {
    const auto ticket = std::make_shared<load_ticket>(weak_from_this(), flight);
    const std::function<void()> task = [ticket] { ticket->run(); };
    if (only_if_free) {
      const bool is_taken =
          !options_.executor && deadline_threads_.submit_if_free(flight->part.get(), task);
      if (!is_taken) ticket->give_up();
      return is_taken;
    }
    if (!options_.executor) return deadline_threads_.submit(flight->part.get(), task);
    options_.executor(task);
    return true;
  } catch (...) {
    return false;
  }
}

void core::on_up(const store::redis_store& on, const connection::greeting& hello) {
  // Leases survive if it is only uncertain whether the server is another one. A fill needs its
  // token in the entry, so another server refuses it, and the invalidations that are sent again
  // remove entries that a snapshot has brought back. Ending all leases would cost all running fills
  // at every reconnect behind a proxy that hides INFO.
  flights_.server_up(on, hello.is_another_server);
  using server = fetch::invalidation_journal::server;
  invalidations_.server_up(on, hello.is_another_server || hello.has_new_role ? server::another
                               : hello.may_be_another_server                 ? server::unknown
                                                                             : server::same);
  const std::string name = servers_->name_of(on);
  const std::string text = name.empty() ? hello.version : hello.version + " at " + name;
  report_.tell({.kind = event_kind::connection_up, .text = text}, nullptr);
  if (is_unverified_) {
    report_.tell({.kind = event_kind::connection_unverified,
                  .text = "TLS without verification (tls.verify is false): the server may be "
                          "anybody"},
                 nullptr);
  }
  tell_if_replica(on);
}

// Reports a replica: the server can be reached, but it accepts no writes.
void core::tell_if_replica(const store::redis_store& on) noexcept {
  try {
    const connection::reachability known = on.reached();
    if (known.now != connection::reachability::state::refused) return;
    report_.tell_refused({fault_code::unsupported, known.reason});
  } catch (...) {
    // Out of memory: the next connection reports it.
  }
}

void core::on_down(const store::redis_store& on, const fault& why) {
  flights_.server_down(on);
  report_.tell({.kind = event_kind::connection_down, .code = why.code, .text = why.text}, nullptr);
}

// The invalidations first, so that no flight reads an entry of before them.
void core::on_moved(const cluster::slot_set& moved) {
  invalidations_.slots_moved(moved);
  flights_.slots_moved(moved);
}

void core::on_waking(const store::redis_store& on, store::wake_mode mode) {
  event_kind kind = event_kind::wake_by_push;
  if (mode == store::wake_mode::channel) kind = event_kind::wake_by_channel;
  if (mode == store::wake_mode::polling) kind = event_kind::wake_by_polling;
  report_.tell({.kind = kind}, nullptr);
  // Waiting flights now begin to poll or to listen.
  if (mode != store::wake_mode::push) flights_.everything_changed(on);
}

}  // namespace drover::detail
