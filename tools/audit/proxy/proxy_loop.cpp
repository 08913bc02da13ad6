// SPDX-License-Identifier: MIT
#include "audit/proxy/proxy_loop.hpp"

#include <csignal>
#include <system_error>
#include <utility>

#include "audit/proxy/resolve.hpp"
#include "base/assert.hpp"

namespace drover::audit {

proxy::loop::loop(proxy_settings settings, tap_maker* watch)
    : settings_{std::move(settings)}, watch_{watch}, buffer_(relay::buffer_size) {
  const int failed = uv_loop_init(&loop_);
  if (failed != 0) throw std::system_error{-failed, std::generic_category(), "event loop"};
  uv_async_init(&loop_, &stopping_,
                [](uv_async_t* handle) { static_cast<loop*>(handle->data)->close_all(); });
  stopping_.data = this;
  uv_prepare_init(&loop_, &turn_end_);
  turn_end_.data = this;
  uv_timer_init(&loop_, &next_turn_);
}

proxy::loop::~loop() {
  if (!is_stopping_) {  // the loop was never run
    close_all();
    uv_run(&loop_, UV_RUN_DEFAULT);
  }
  const int failed = uv_loop_close(&loop_);
  DROVER_ASSERT(failed == 0);
  static_cast<void>(failed);
}

result<address> proxy::loop::open() {
  if (auto opened = open_doors(); !opened) return opened.error();
  if (watch_ != nullptr) {
    uv_prepare_start(&turn_end_,
                     [](uv_prepare_t* handle) { static_cast<loop*>(handle->data)->end_turn(); });
  }
  return doors_.front()->at;
}

void proxy::loop::run() {
  // Writing to a closed connection is an error, not SIGPIPE. The main thread handles all signals.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void proxy::loop::ask_to_stop() noexcept { uv_async_send(&stopping_); }

void proxy::loop::close_all() {
  if (is_stopping_) return;
  is_stopping_ = true;
  // This also removes the file of a Unix socket.
  for (const auto& opened : doors_) {
    if (opened->is_listening) uv_close(&opened->listener.any, nullptr);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&stopping_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&turn_end_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&next_turn_), nullptr);
  for (auto& [number, client_relay] : relays_) client_relay->close();
  if (watch_ != nullptr) watch_->turn_ended();
}

void proxy::loop::end_turn() {
  watch_->turn_ended();
  if (const auto timeout = watch_->next_turn()) {
    // The timer does nothing but wake the loop, which then ends its turn.
    uv_timer_start(
        &next_turn_, [](uv_timer_t*) {}, static_cast<std::uint64_t>(timeout->count()), 0);
  }
}

void proxy::loop::on_client(uv_stream_t* listener, int status) {
  door& from = *static_cast<door*>(listener->data);
  auto& self = *static_cast<loop*>(from.owner);
  if (status == 0) {
    self.reported_accept_failed_ = false;
    self.accept_next(from);
  } else {
    self.say_once(self.reported_accept_failed_,
                  std::string{"a client could not be accepted: "} + uv_strerror(status));
  }
}

void proxy::loop::accept_next(door& from) {
  const std::uint64_t number = ++last_number_;
  relay_owner& owner = *this;
  auto created = std::make_unique<relay>(&loop_, owner, buffer_, number);
  relay& client_relay = *created;
  relays_.emplace(number, std::move(created));
  opened_.fetch_add(1, std::memory_order_relaxed);
  const auto open_now = open_now_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!client_relay.accept(&from.listener.stream, from.at.is_unix())) return;
  if (open_now > settings_.connections_max) {
    turned_away_.fetch_add(1, std::memory_order_relaxed);
    say_once(reported_crowded_,
             "a client was refused: " + std::to_string(settings_.connections_max) +
                 " connections are open, which is the limit");
    client_relay.refuse();
    return;
  }
  connect(client_relay, from);
}

void proxy::loop::connect(relay& client_relay, door& from) {
  if (!from.resolved) {
    if (auto resolved = resolve(from.server)) {
      from.resolved = resolved->front();
    } else {
      server_unreachable(from.number, UV_EAI_NONAME);
      return client_relay.refuse();
    }
  }
  const int client = client_relay.client_descriptor();
  relay_parts parts;
  parts.door = from.number;
  if (settings_.server_tls) {
    parts.server_session = settings_.server_tls->begin(from.server.host);
  }
  if (settings_.client_tls) parts.client_session = settings_.client_tls->begin();
  if (settings_.several) parts.rewriter = rewriter_for(from, client);
  // What is said to sentinels is not caching.
  if (watch_ != nullptr && from.kind == node_kind::data) {
    parts.watch = watch_->opened(client_relay.number(), peer_of(client));
  }
  client_relay.connect(*from.resolved, std::move(parts));
}

std::string proxy::loop::server_in_words(const door& of) const {
  if (!settings_.server_name.empty()) return settings_.server_name;
  return (of.kind == node_kind::sentinel ? "the sentinel at " : "the server at ") +
         describe(of.server);
}

void proxy::loop::server_unreachable(std::size_t door, int error) {
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  if (!settings_.reports_outages) return;
  say_once(doors_[door]->reported_unreachable, server_in_words(*doors_[door]) +
                                                   " cannot be reached: " + uv_strerror(error) +
                                                   "; clients are refused until then");
}

void proxy::loop::server_reached(std::size_t door) {
  audit::door& reached = *doors_[door];
  if (reached.reported_unreachable) say(server_in_words(reached) + " can be reached again");
  reached.reported_unreachable = false;
}

void proxy::loop::tls_failed(std::size_t door, bool with_server, const std::string& why) {
  if (!with_server) return say_once(reported_client_tls_, "a client was refused: " + why);
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  if (!settings_.reports_outages) return;
  say_once(doors_[door]->reported_unreachable, server_in_words(*doors_[door]) +
                                                   " cannot be used: " + why +
                                                   "; clients are refused until then");
}

void proxy::loop::counted(direction towards, std::size_t bytes) {
  auto& count = bytes_[static_cast<std::size_t>(towards)];
  count.store(count.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
}

void proxy::loop::relay_closed(relay& closed) {
  const auto open_now = open_now_.fetch_sub(1, std::memory_order_relaxed) - 1;
  if (open_now < settings_.connections_max / 2) reported_crowded_ = false;
  relays_.erase(closed.number());
}

void proxy::loop::say(const std::string& line) const {
  if (settings_.say) settings_.say(line);
}

void proxy::loop::say_once(bool& reported, const std::string& line) const {
  if (!std::exchange(reported, true)) say(line);
}

proxy_counts proxy::loop::counts() const noexcept {
  const auto read = [](const auto& from) { return from.load(std::memory_order_relaxed); };
  return {read(opened_), read(open_now_), read(turned_away_),
          read(bytes_[static_cast<std::size_t>(direction::to_server)]),
          read(bytes_[static_cast<std::size_t>(direction::to_client)])};
}

}  // namespace drover::audit
