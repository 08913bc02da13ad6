// SPDX-License-Identifier: MIT
#include "fault/proxy/fault_loop.hpp"

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

#include "audit/proxy/resolve.hpp"
#include "base/assert.hpp"

namespace drover::faults {
namespace {

using std::chrono::milliseconds;

/// Time until another attempt to listen again.
constexpr std::uint64_t listen_retry_ms = 50;

}  // namespace

fault_proxy::loop::loop(fault_proxy_settings with)
    : with_{std::move(with)},
      decisions_{with_.specs, with_.seed},
      listener_{&loop_, on_client, this},
      buffer_(fault_relay::buffer_size) {
  const int failed = uv_loop_init(&loop_);
  if (failed != 0) throw std::system_error{-failed, std::generic_category(), "event loop"};
  uv_async_init(&loop_, &stopping_,
                [](uv_async_t* handle) { static_cast<loop*>(handle->data)->close_all(); });
  stopping_.data = this;
  uv_timer_init(&loop_, &script_timer_);
  script_timer_.data = this;
  counts_.specs.resize(with_.specs.size());
}

fault_proxy::loop::~loop() {
  if (!is_stopping_) {  // it was never run
    close_all();
    uv_run(&loop_, UV_RUN_DEFAULT);
  }
  const int failed = uv_loop_close(&loop_);
  DROVER_ASSERT(failed == 0);
  static_cast<void>(failed);
}

result<audit::address> fault_proxy::loop::open() {
  auto server = audit::reach(with_.server);
  if (!server) return server.error();
  server_ = *std::move(server);
  const auto resolved = audit::resolve(with_.listen);
  if (!resolved) return resolved.error();
  if (auto opened = listener_.open(with_.listen, resolved->front()); !opened) {
    return opened.error();
  }
  if (!audit::is_loopback(resolved->front())) {
    say("every host that can reach " + describe(with_.listen) + " can reach the server at " +
        describe(with_.server) + " through the proxy");
  }
  return listener_.address();
}

void fault_proxy::loop::run() {
  // Writing to a closed connection is an error, not SIGPIPE. The main thread handles all signals.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  start_ns_ = uv_hrtime();
  follow_script();
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void fault_proxy::loop::ask_to_stop() noexcept { uv_async_send(&stopping_); }

void fault_proxy::loop::close_all() {
  if (is_stopping_) return;
  is_stopping_ = true;
  listener_.close();
  uv_close(reinterpret_cast<uv_handle_t*>(&stopping_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&script_timer_), nullptr);
  for (auto& [number, connection] : relays_) connection->close();
}

microseconds fault_proxy::loop::now() const {
  return microseconds{static_cast<std::int64_t>((uv_hrtime() - start_ns_) / 1000)};
}

void fault_proxy::loop::follow_script() {
  const microseconds at = now();
  const auto down = decisions_.down_at(at);
  if (down && down != down_because_) go_down(*down);
  bool is_as_wanted = true;
  if (down_because_ && !down) {
    is_as_wanted = listener_.resume();
    if (is_as_wanted) down_because_.reset();
  }
  const auto next = decisions_.next_change_after(at);
  if (!next && is_as_wanted) return;
  std::uint64_t wait_ms = listen_retry_ms;
  if (is_as_wanted) {
    const auto left = std::chrono::ceil<milliseconds>(*next - at).count();
    wait_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(left, 1));
  }
  uv_update_time(&loop_);
  uv_timer_start(
      &script_timer_, [](uv_timer_t* timer) { static_cast<loop*>(timer->data)->follow_script(); },
      wait_ms, 0);
}

void fault_proxy::loop::go_down(std::size_t spec) {
  down_because_ = spec;
  listener_.pause();
  for (auto& [number, connection] : relays_) connection->reset();
  injection event;
  event.spec = spec;
  event.kind = fault_kind::down;
  event.at = now();
  injected(std::move(event));
}

void fault_proxy::loop::on_client(uv_stream_t* stream, int status) {
  auto& self = *static_cast<loop*>(stream->data);
  if (status == 0) {
    self.has_said_accept_failed_ = false;
    self.accept_next();
  } else if (!std::exchange(self.has_said_accept_failed_, true)) {
    self.say(std::string{"a client could not be accepted: "} + uv_strerror(status));
  }
}

void fault_proxy::loop::accept_next() {
  const std::uint64_t number = ++last_number_;
  fault_relay_owner& owner = *this;
  auto made = std::make_unique<fault_relay>(&loop_, owner, buffer_, number);
  fault_relay& client = *made;
  relays_.emplace(number, std::move(made));
  if (!client.accept(listener_.stream(), listener_.is_unix())) {
    --last_number_;
    return;
  }
  ++counts_.connections;
  if (with_.number_of) {
    const auto named = with_.number_of(client.client_port());
    if (!named) return client.reset();
    client.set_subject(*named);
  }
  if (relays_.size() > with_.connections_max) {
    ++counts_.turned_away;
    if (!std::exchange(has_said_crowded_, true)) {
      say("a client was refused: " + std::to_string(with_.connections_max) +
          " connections are open, which is the limit");
    }
    client.reset();
    return;
  }
  serve(client);
}

void fault_proxy::loop::serve(fault_relay& client) {
  const microseconds at = now();
  const auto spec = decisions_.on_connection(client.subject(), at);
  if (!spec) {
    injection_sink& sink = *this;
    client.connect(server_, std::make_unique<faulty_stream>(decisions_, client.subject(), sink));
    return;
  }
  injection event;
  event.spec = *spec;
  event.kind = decisions_.specs()[*spec].kind;
  event.at = at;
  event.connection = client.subject();
  injected(event);
  if (event.kind == fault_kind::refuse) {
    client.reset();
  } else {
    client.swallow();
  }
}

void fault_proxy::loop::server_unreachable(int error) {
  ++counts_.turned_away;
  if (std::exchange(has_said_unreachable_, true)) return;
  say("the server at " + describe(with_.server) + " cannot be reached: " + uv_strerror(error) +
      "; clients are refused until it can");
}

void fault_proxy::loop::server_reached() {
  if (std::exchange(has_said_unreachable_, false)) {
    say("the server at " + describe(with_.server) + " can be reached again");
  }
}

void fault_proxy::loop::relay_gone(fault_relay& gone) { relays_.erase(gone.number()); }

void fault_proxy::loop::injected(injection event) {
  spec_counts& counts = counts_.specs[event.spec];
  ++(event.failure.empty() ? counts.injected : counts.failed);
  if (with_.injected) with_.injected(event);
}

void fault_proxy::loop::passes_unchanged(std::uint64_t connection, const std::string& reason) {
  ++counts_.unchanged_connections;
  if (std::exchange(has_said_unchanged_, true)) return;
  say("connection " + std::to_string(connection) + " passes without faults from now on: " + reason);
}

fault_counts fault_proxy::loop::counts() const {
  fault_counts counts = counts_;
  for (std::size_t spec = 0; spec < counts.specs.size(); ++spec) {
    counts.specs[spec].selected = decisions_.selected(spec);
  }
  return counts;
}

void fault_proxy::loop::say(const std::string& line) const {
  if (with_.say) with_.say(line);
}

}  // namespace drover::faults
