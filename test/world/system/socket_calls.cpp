// SPDX-License-Identifier: MIT
// The functions of the C library for sockets and event counters, as this program sees them: on the
// simulated network while a schedule runs, otherwise the system's own. Only what
// src/connection/socket_io.cpp uses is simulated.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstring>

#include "world/system/arena.hpp"
#include "world/system/kernel.hpp"
#include "world/system/network.hpp"
#include "world/system/real_call.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

constexpr virtual_time io_cost = 2us;
constexpr int first_number = 1 << 20;

struct simulated {
  kernel* on = nullptr;
  network* net = nullptr;
  descriptor* file = nullptr;

  explicit operator bool() const noexcept { return on != nullptr; }
};

/// The simulated descriptor of a number. Without a file: it is not open.
simulated find(int number) {
  kernel* const on = kernel::current();
  if (on == nullptr || number < first_number) return {};
  on->step(io_cost);
  network* const net = network::current();
  descriptor* const file = net->find(number);
  if (file == nullptr) net->count_misuse();
  return {on, net, file};
}

int fail(int error) noexcept {
  errno = error;
  return -1;
}

ssize_t read_counter(descriptor& file, void* into) {
  if (file.count == 0) return fail(EAGAIN);
  std::memcpy(into, &file.count, sizeof file.count);
  file.count = 0;
  return sizeof file.count;
}

ssize_t receive(const simulated& at, char* into, std::size_t size, bool may_wait) {
  descriptor* file = at.file;
  const int number = file->number;
  const std::optional<virtual_time> until =
      file->receive_timeout ? std::optional{at.on->now() + *file->receive_timeout} : std::nullopt;
  while (file != nullptr) {
    if (!file->incoming.empty()) {
      const std::size_t moved = std::min(size, file->incoming.size());
      std::memcpy(into, file->incoming.data(), moved);
      const arena::on_account_of account{arena::harness};
      file->incoming.erase(0, moved);
      return static_cast<ssize_t>(moved);
    }
    if (file->at == descriptor::state::failed) return fail(file->error);
    if (file->peer_has_closed || file->is_shut) return 0;
    if (!may_wait || (until && *until <= at.on->now())) return fail(EAGAIN);
    at.on->wait({file, nullptr}, until);
    file = at.net->find(number);
  }
  // Another thread has closed it meanwhile.
  at.net->count_misuse();
  return fail(EBADF);
}

short events_of(const descriptor* file, short asked) noexcept {
  if (file == nullptr) return POLLNVAL;
  if (file->is == descriptor::kind::counter) return file->count > 0 ? asked & POLLIN : 0;
  int came = 0;
  if (file->has_input()) came |= POLLIN;
  if (file->peer_has_closed || file->is_shut) came |= POLLRDHUP;
  const bool can_write = file->at == descriptor::state::open && file->way != nullptr;
  if (can_write &&
      file->way->unacknowledged < network::current()->path_of(file->owner->number).window)
    came |= POLLOUT;
  came &= asked;
  if (file->is_shut) came |= POLLHUP;
  if (file->at == descriptor::state::failed) came |= POLLERR | POLLHUP | (asked & POLLOUT);
  return static_cast<short>(came);
}

}  // namespace
}  // namespace drover::world

using namespace drover::world;

extern "C" {

int socket(int family, int type, int protocol) noexcept {
  if (kernel* const on = kernel::current()) {
    on->step(io_cost);
    if (on->running_process().lacks_descriptors) return fail(EMFILE);
    const arena::on_account_of account{arena::harness};
    return network::current()->open(descriptor::kind::socket, on->running_process()).number;
  }
  static const auto real = real_call<int (*)(int, int, int)>("socket");
  return real(family, type, protocol);
}

int eventfd(unsigned count, int flags) noexcept {
  if (kernel* const on = kernel::current()) {
    on->step(io_cost);
    if (on->running_process().lacks_descriptors) return fail(EMFILE);
    const arena::on_account_of account{arena::harness};
    return network::current()->open(descriptor::kind::counter, on->running_process()).number;
  }
  static const auto real = real_call<int (*)(unsigned, int)>("eventfd");
  return real(count, flags);
}

int connect(int number, const sockaddr* to, socklen_t size) {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    const arena::on_account_of account{arena::harness};
    at.net->connect(*at.file);
    return fail(EINPROGRESS);
  }
  static const auto real = real_call<decltype(&connect)>("connect");
  return real(number, to, size);
}

int getsockopt(int number, int level, int name, void* into, socklen_t* size) noexcept {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    const int error = at.file->at == descriptor::state::failed ? at.file->error : 0;
    std::memcpy(into, &error, sizeof error);
    return 0;
  }
  static const auto real = real_call<int (*)(int, int, int, void*, socklen_t*)>("getsockopt");
  return real(number, level, name, into, size);
}

int setsockopt(int number, int level, int name, const void* value, socklen_t size) noexcept {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    if (level == SOL_SOCKET && name == SO_RCVTIMEO) {
      timeval span{};
      std::memcpy(&span, value, sizeof span);
      at.file->receive_timeout =
          std::chrono::seconds{span.tv_sec} + std::chrono::microseconds{span.tv_usec};
    }
    return 0;
  }
  static const auto real = real_call<int (*)(int, int, int, const void*, socklen_t)>("setsockopt");
  return real(number, level, name, value, size);
}

int fcntl(int number, int command, ...) {
  va_list list;
  va_start(list, command);
  void* const argument = va_arg(list, void*);
  va_end(list);
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    if (command == F_GETFL) return at.file->is_nonblocking ? O_NONBLOCK : 0;
    at.file->is_nonblocking = (reinterpret_cast<std::intptr_t>(argument) & O_NONBLOCK) != 0;
    return 0;
  }
  static const auto real = real_call<int (*)(int, int, ...)>("fcntl");
  return real(number, command, argument);
}

ssize_t send(int number, const void* bytes, size_t size, int flags) {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    if (at.file->at == descriptor::state::failed) return fail(EPIPE);
    if (at.file->at != descriptor::state::open || at.file->is_shut) return fail(EPIPE);
    const arena::on_account_of account{arena::harness};
    const std::size_t accepted = at.net->send(*at.file, {static_cast<const char*>(bytes), size});
    return accepted == 0 ? fail(EAGAIN) : static_cast<ssize_t>(accepted);
  }
  static const auto real = real_call<decltype(&send)>("send");
  return real(number, bytes, size, flags);
}

ssize_t recv(int number, void* into, size_t size, int flags) {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    const bool waits = (flags & MSG_DONTWAIT) == 0 && !at.file->is_nonblocking;
    return receive(at, static_cast<char*>(into), size, waits);
  }
  static const auto real = real_call<decltype(&recv)>("recv");
  return real(number, into, size, flags);
}

ssize_t read(int number, void* into, size_t size) {
  if (const simulated at = find(number))
    return at.file == nullptr ? fail(EBADF) : read_counter(*at.file, into);
  static const auto real = real_call<decltype(&read)>("read");
  return real(number, into, size);
}

ssize_t write(int number, const void* bytes, size_t size) {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    std::uint64_t increment = 0;
    std::memcpy(&increment, bytes, sizeof increment);
    at.file->count += increment;
    at.on->wake(nullptr, at.file, 1 << 30);
    return static_cast<ssize_t>(size);
  }
  static const auto real = real_call<decltype(&write)>("write");
  return real(number, bytes, size);
}

int shutdown(int number, int direction) noexcept {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    const arena::on_account_of account{arena::harness};
    at.net->shut(*at.file);
    return 0;
  }
  static const auto real = real_call<int (*)(int, int)>("shutdown");
  return real(number, direction);
}

int close(int number) {
  if (const simulated at = find(number)) {
    if (at.file == nullptr) return fail(EBADF);
    const arena::on_account_of account{arena::harness};
    at.net->close(*at.file);
    return 0;
  }
  static const auto real = real_call<decltype(&close)>("close");
  return real(number);
}

int ppoll(pollfd* entries, nfds_t count, const timespec* limit, const sigset_t* mask) {
  kernel* const on = kernel::current();
  if (on == nullptr) {
    static const auto real = real_call<decltype(&ppoll)>("ppoll");
    return real(entries, count, limit, mask);
  }
  on->step(io_cost);
  std::optional<virtual_time> until;
  if (limit != nullptr) {
    until =
        on->now() + std::chrono::seconds{limit->tv_sec} + std::chrono::nanoseconds{limit->tv_nsec};
  }
  for (;;) {
    int ready = 0;
    std::array<const void*, 2> watched{};
    for (nfds_t i = 0; i < count; ++i) {
      entries[i].revents = 0;
      if (entries[i].fd < 0) continue;
      descriptor* const file = network::current()->find(entries[i].fd);
      if (file == nullptr) network::current()->count_misuse();
      entries[i].revents = events_of(file, entries[i].events);
      if (entries[i].revents != 0) ++ready;
      if (i < watched.size()) watched[i] = file;
    }
    if (ready > 0 || (until && *until <= on->now())) return ready;
    on->wait(watched, until);
  }
}

}  // extern "C"
