// SPDX-License-Identifier: MIT
#include "support/reply_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "support/proxied_connection.hpp"

namespace drover::test {
namespace {

using clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* call) {
  throw std::system_error{errno, std::generic_category(), call};
}

/// A listening socket on a free port of 127.0.0.1.
int listen_on(std::uint16_t& port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (descriptor < 0 || ::bind(descriptor, generic, size) != 0 || ::listen(descriptor, 128) != 0 ||
      ::getsockname(descriptor, generic, &size) != 0) {
    fail("listen");
  }
  port = ntohs(address.sin_port);
  return descriptor;
}

/// Connects to the server. -1: it cannot be reached.
int connect_to(const std::string& socket_path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

}  // namespace

class reply_proxy::engine {
 public:
  explicit engine(std::string path)
      : socket_path{std::move(path)},
        listening_{listen_on(port)},
        bell_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}
  ~engine() {
    ::close(listening_);
    ::close(bell_);
  }
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Changes or reads the state between two rounds.
  template <class Change>
  auto with_lock(const Change& change) {
    const std::scoped_lock lock{mutex_};
    ring();
    return change();
  }
  void run();

  // Use the members below only within `with_lock`, or in `run`.
  std::uint16_t port = 0;
  std::string socket_path;
  std::vector<reply_rule> rules;
  std::list<proxied_connection> connections;
  bool stops = false;
  bool is_held = false;
  bool is_refusing = false;
  unsigned accepted = 0;
  unsigned applied = 0;
  std::chrono::milliseconds push_interval{};
  std::string pushed;
  clock::time_point next_push{};

 private:
  void ring() const { static_cast<void>(::eventfd_write(bell_, 1)); }
  [[nodiscard]] std::vector<pollfd> polled() const;
  [[nodiscard]] int patience(clock::time_point now) const;
  void accept_one();
  void push(clock::time_point now);
  [[nodiscard]] const reply_rule* rule_for(const std::string& command);

  std::mutex mutex_;
  int listening_;
  int bell_;
};

std::vector<pollfd> reply_proxy::engine::polled() const {
  std::vector<pollfd> all{{.fd = listening_, .events = POLLIN, .revents = 0},
                          {.fd = bell_, .events = POLLIN, .revents = 0}};
  if (is_held) return all;
  for (const proxied_connection& connection : connections) {
    const bool writes = connection.awaits_writing();
    const auto events = static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN);
    all.push_back({.fd = connection.client(), .events = POLLIN, .revents = 0});
    all.push_back({.fd = connection.server(), .events = events, .revents = 0});
  }
  return all;
}

int reply_proxy::engine::patience(clock::time_point now) const {
  clock::time_point next = now + std::chrono::seconds{1};
  if (!is_held) {
    if (push_interval.count() > 0) next = std::min(next, next_push);
    for (const proxied_connection& connection : connections)
      next = std::min(next, connection.next_send());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::max<std::int64_t>(left, 1));
}

const reply_rule* reply_proxy::engine::rule_for(const std::string& command) {
  for (reply_rule& rule : rules) {
    if (rule.times == 0 || (!rule.command.empty() && rule.command != command)) continue;
    if (rule.skip > 0) {
      --rule.skip;
      continue;
    }
    if (rule.times != always) --rule.times;
    ++applied;
    return &rule;
  }
  return nullptr;
}

void reply_proxy::engine::accept_one() {
  const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++accepted;
  const int server = is_refusing ? -1 : connect_to(socket_path);
  if (server < 0) {
    ::close(client);
    return;
  }
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections.emplace_back(client, server);
}

void reply_proxy::engine::push(clock::time_point now) {
  if (push_interval.count() == 0 || now < next_push) return;
  next_push = now + push_interval;
  for (proxied_connection& connection : connections) connection.push(pushed);
}

void reply_proxy::engine::run() {
  const auto rule = [this](const std::string& command) { return rule_for(command); };
  for (;;) {
    std::vector<pollfd> ready;
    int wait = 0;
    {
      const std::scoped_lock lock{mutex_};
      if (stops) return;
      ready = polled();
      wait = patience(clock::now());
    }
    ::poll(ready.data(), ready.size(), wait);
    const std::scoped_lock lock{mutex_};
    eventfd_t rung = 0;
    static_cast<void>(::eventfd_read(bell_, &rung));
    if ((ready[0].revents & POLLIN) != 0) accept_one();
    if (is_held) continue;
    const auto now = clock::now();
    push(now);
    connections.remove_if([&](proxied_connection& connection) {
      return !connection.read_client() || !connection.read_server(rule) || !connection.write(now);
    });
  }
}

reply_proxy::reply_proxy(const redis_server& to)
    : engine_{std::make_unique<engine>(to.socket_path())}, thread_{[this] { engine_->run(); }} {}

reply_proxy::~reply_proxy() {
  engine_->with_lock([&] { engine_->stops = true; });
  thread_.join();
}

std::uint16_t reply_proxy::port() const noexcept { return engine_->port; }

std::string reply_proxy::url() const { return "redis://127.0.0.1:" + std::to_string(port()); }

void reply_proxy::add(reply_rule rule) {
  engine_->with_lock([&] { engine_->rules.push_back(std::move(rule)); });
}

void reply_proxy::clear_rules() {
  engine_->with_lock([&] { engine_->rules.clear(); });
}

unsigned reply_proxy::applied() const {
  return engine_->with_lock([&] { return engine_->applied; });
}

void reply_proxy::hold(bool is_held) {
  engine_->with_lock([&] { engine_->is_held = is_held; });
}

void reply_proxy::refuse(bool is_refusing) {
  engine_->with_lock([&] { engine_->is_refusing = is_refusing; });
}

unsigned reply_proxy::close_idle() {
  return engine_->with_lock([&] {
    const auto is_idle = [](const proxied_connection& connection) { return connection.is_idle(); };
    return static_cast<unsigned>(engine_->connections.remove_if(is_idle));
  });
}

void reply_proxy::close_all() {
  engine_->with_lock([&] { engine_->connections.clear(); });
}

void reply_proxy::lead_to(const redis_server& to) {
  engine_->with_lock([&] { engine_->socket_path = to.socket_path(); });
}

void reply_proxy::push_every(std::chrono::milliseconds interval, std::string bytes) {
  engine_->with_lock([&] {
    engine_->push_interval = interval;
    engine_->pushed = std::move(bytes);
    engine_->next_push = {};
  });
}

unsigned reply_proxy::accepted() const {
  return engine_->with_lock([&] { return engine_->accepted; });
}

}  // namespace drover::test
