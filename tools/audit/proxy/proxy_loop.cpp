// SPDX-License-Identifier: MIT
#include "audit/proxy/proxy_loop.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <system_error>
#include <utility>

#include "audit/proxy/resolve.hpp"
#include "base/assert.hpp"

namespace drover::audit {
namespace {

constexpr int backlog = 511;

fault cannot_listen(const address& at, int error) {
  std::string why = uv_strerror(error);
  if (error == UV_EADDRINUSE)
    why = "the address is in use; choose another one or stop the process that uses it";
  if (error == UV_EACCES) why = "permission denied";
  if (error == UV_EADDRNOTAVAIL) why = "this machine does not have the address";
  return {fault_code::unreachable, "cannot listen at " + describe(at) + ": " + why};
}

bool is_socket(const std::string& path) noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

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
  auto server = reach(settings_.server);
  if (!server) return server.error();
  server_ = *std::move(server);
  const auto addresses = resolve(settings_.listen);
  if (!addresses) return addresses.error();
  const resolved_address& at = addresses->front();
  if (auto listening = listen_at(at); !listening) return listening.error();
  if (!is_loopback(at)) {
    say("every host that can reach " + describe(settings_.listen) + " can reach " +
        server_in_words() + " through the proxy");
  }
  if (watch_ != nullptr) {
    uv_prepare_start(&turn_end_,
                     [](uv_prepare_t* handle) { static_cast<loop*>(handle->data)->end_turn(); });
  }
  return listening_address();
}

result<void> proxy::loop::listen_at(const resolved_address& at) {
  // The file of a socket remains if its program is killed. Without a listener it can be removed.
  if (at.is_unix() && is_socket(at.path) && !reach(settings_.listen)) ::unlink(at.path.c_str());
  init_handle(&loop_, listener_, at.is_unix());
  listener_.any.data = this;
  listening_ = true;
  int failed = at.is_unix() ? uv_pipe_bind(&listener_.pipe, at.path.c_str())
                            : uv_tcp_bind(&listener_.tcp, at.socket_address(), 0);
  if (failed == 0) failed = uv_listen(&listener_.stream, backlog, on_client);
  if (failed != 0) return cannot_listen(settings_.listen, failed);
  return {};
}

result<address> proxy::loop::listening_address() const {
  address out = settings_.listen;
  if (out.is_unix()) return out;
  sockaddr_storage bound{};
  int size = sizeof bound;
  const int failed = uv_tcp_getsockname(&listener_.tcp, reinterpret_cast<sockaddr*>(&bound), &size);
  if (failed != 0) return cannot_listen(settings_.listen, failed);
  out.port =
      ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                        : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return out;
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
  if (listening_) uv_close(&listener_.any, nullptr);
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
  auto& self = *static_cast<loop*>(listener->data);
  if (status == 0) {
    self.reported_accept_failed_ = false;
    self.accept_next();
  } else {
    self.say_once(self.reported_accept_failed_,
                  std::string{"a client could not be accepted: "} + uv_strerror(status));
  }
}

void proxy::loop::accept_next() {
  const std::uint64_t number = ++last_number_;
  relay_owner& owner = *this;
  auto created = std::make_unique<relay>(&loop_, owner, buffer_, number);
  relay& client_relay = *created;
  relays_.emplace(number, std::move(created));
  opened_.fetch_add(1, std::memory_order_relaxed);
  const auto open_now = open_now_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!client_relay.accept(&listener_.stream, settings_.listen.is_unix())) return;
  if (open_now > settings_.connections_max) {
    turned_away_.fetch_add(1, std::memory_order_relaxed);
    say_once(reported_crowded_,
             "a client was refused: " + std::to_string(settings_.connections_max) +
                 " connections are open, which is the limit");
    client_relay.refuse();
    return;
  }
  relay_parts parts;
  if (settings_.server_tls) parts.server_session = settings_.server_tls->begin();
  if (settings_.client_tls) parts.client_session = settings_.client_tls->begin();
  if (watch_ != nullptr) {
    parts.watch = watch_->opened(number, peer_of(client_relay.client_descriptor()));
  }
  client_relay.connect(server_, std::move(parts));
}

std::string proxy::loop::server_in_words() const {
  return settings_.server_name.empty() ? "the server at " + describe(settings_.server)
                                       : settings_.server_name;
}

void proxy::loop::server_unreachable(int error) {
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  if (!settings_.reports_outages) return;
  say_once(reported_unreachable_, server_in_words() + " cannot be reached: " + uv_strerror(error) +
                                      "; clients are refused until then");
}

void proxy::loop::server_reached() {
  if (reported_unreachable_) say(server_in_words() + " can be reached again");
  reported_unreachable_ = false;
}

void proxy::loop::tls_failed(bool with_server, const std::string& why) {
  if (!with_server) {
    return say_once(reported_client_tls_, "a client was refused: " + why);
  }
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  if (!settings_.reports_outages) return;
  say_once(reported_unreachable_,
           server_in_words() + " cannot be used: " + why + "; clients are refused until then");
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
