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
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

}  // namespace

proxy::loop::loop(proxy_settings with, tap_maker* watch)
    : with_{std::move(with)}, watch_{watch}, buffer_(relay::buffer_size) {
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
  if (!stop_asked_) {  // the loop was never run
    close_all();
    uv_run(&loop_, UV_RUN_DEFAULT);
  }
  const int failed = uv_loop_close(&loop_);
  DROVER_ASSERT(failed == 0);
  static_cast<void>(failed);
}

result<address> proxy::loop::open() {
  auto server = reach(with_.server);
  if (!server) return server.error();
  server_ = *std::move(server);
  const auto found = resolve(with_.listen);
  if (!found) return found.error();
  const resolved_address& at = found->front();
  if (auto listening = listen_at(at); !listening) return listening.error();
  if (!is_loopback(at)) {
    say("every host that can reach " + describe(with_.listen) + " can reach the server at " +
        describe(with_.server) + " through the proxy");
  }
  if (watch_ != nullptr) {
    uv_prepare_start(&turn_end_,
                     [](uv_prepare_t* handle) { static_cast<loop*>(handle->data)->end_turn(); });
  }
  return listening_address();
}

result<void> proxy::loop::listen_at(const resolved_address& at) {
  // The file of a socket remains if its program is killed. Without a listener it can be removed.
  if (at.is_unix() && is_socket(at.path) && !reach(with_.listen)) ::unlink(at.path.c_str());
  init_handle(&loop_, listener_, at.is_unix());
  listener_.any.data = this;
  listening_ = true;
  int failed = at.is_unix() ? uv_pipe_bind(&listener_.pipe, at.path.c_str())
                            : uv_tcp_bind(&listener_.tcp, at.socket_address(), 0);
  if (failed == 0) failed = uv_listen(&listener_.stream, backlog, on_client);
  if (failed != 0) return cannot_listen(with_.listen, failed);
  return {};
}

result<address> proxy::loop::listening_address() const {
  address out = with_.listen;
  if (out.is_unix()) return out;
  sockaddr_storage bound{};
  int size = sizeof bound;
  const int failed = uv_tcp_getsockname(&listener_.tcp, reinterpret_cast<sockaddr*>(&bound), &size);
  if (failed != 0) return cannot_listen(with_.listen, failed);
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
  if (stop_asked_) return;
  stop_asked_ = true;
  // This also removes the file of a Unix socket.
  if (listening_) uv_close(&listener_.any, nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&stopping_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&turn_end_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&next_turn_), nullptr);
  for (auto& [number, one] : relays_) one->close();
  if (watch_ != nullptr) watch_->turn_ended();
}

void proxy::loop::end_turn() {
  watch_->turn_ended();
  if (const auto wanted = watch_->next_turn()) {
    // The timer does nothing but wake the loop, which then ends its turn.
    uv_timer_start(
        &next_turn_, [](uv_timer_t*) {}, static_cast<std::uint64_t>(wanted->count()), 0);
  }
}

void proxy::loop::on_client(uv_stream_t* listener, int status) {
  auto& self = *static_cast<loop*>(listener->data);
  if (status == 0) {
    self.said_accept_failed_ = false;
    self.accept_next();
  } else {
    self.say_once(self.said_accept_failed_,
                  std::string{"a client could not be accepted: "} + uv_strerror(status));
  }
}

void proxy::loop::accept_next() {
  const std::uint64_t number = ++last_number_;
  relay_owner& owner = *this;
  auto made = std::make_unique<relay>(&loop_, owner, buffer_, number);
  relay& one = *made;
  relays_.emplace(number, std::move(made));
  opened_.fetch_add(1, std::memory_order_relaxed);
  const auto open_now = open_now_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!one.accept(&listener_.stream, with_.listen.is_unix())) return;
  if (open_now > with_.connections_max) {
    turned_away_.fetch_add(1, std::memory_order_relaxed);
    say_once(said_crowded_, "a client was refused: " + std::to_string(with_.connections_max) +
                                " connections are open, which is the limit");
    one.refuse();
    return;
  }
  std::unique_ptr<tap> watch;
  if (watch_ != nullptr) watch = watch_->opened(number, peer_of(one.client_descriptor()));
  one.connect(server_, std::move(watch));
}

void proxy::loop::server_unreachable(int error) {
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  say_once(said_unreachable_, "the server at " + describe(with_.server) + " cannot be reached: " +
                                  uv_strerror(error) + "; clients are refused until then");
}

void proxy::loop::server_reached() {
  if (said_unreachable_) say("the server at " + describe(with_.server) + " can be reached again");
  said_unreachable_ = false;
}

void proxy::loop::counted(direction towards, std::size_t bytes) {
  auto& count = bytes_[static_cast<std::size_t>(towards)];
  count.store(count.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
}

void proxy::loop::relay_gone(relay& which) {
  const auto open_now = open_now_.fetch_sub(1, std::memory_order_relaxed) - 1;
  if (open_now < with_.connections_max / 2) said_crowded_ = false;
  relays_.erase(which.number());
}

void proxy::loop::say(const std::string& line) const {
  if (with_.say) with_.say(line);
}

void proxy::loop::say_once(bool& said, const std::string& line) const {
  if (!std::exchange(said, true)) say(line);
}

proxy_counts proxy::loop::counts() const noexcept {
  const auto read = [](const auto& from) { return from.load(std::memory_order_relaxed); };
  return {read(opened_), read(open_now_), read(turned_away_),
          read(bytes_[static_cast<std::size_t>(direction::to_server)]),
          read(bytes_[static_cast<std::size_t>(direction::to_client)])};
}

}  // namespace drover::audit
