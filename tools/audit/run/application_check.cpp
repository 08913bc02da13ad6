// SPDX-License-Identifier: MIT
#include "audit/run/application_check.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "audit/proxy/resolve.hpp"
#include "audit/run/shell_command.hpp"
#include "process/child_process.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t answer_bytes_max = std::size_t{1} << 20U;

/// One request over HTTP, with one time limit for all of it.
class http_question {
 public:
  http_question(const check_target& target, milliseconds at_most)
      : target_{target}, at_most_{at_most}, deadline_{steady_clock::now() + at_most} {}
  ~http_question() {
    if (socket_ >= 0) ::close(socket_);
  }
  http_question(const http_question&) = delete;
  http_question& operator=(const http_question&) = delete;

  std::string answer() {
    if (std::string failure = connect(); !failure.empty()) return failure;
    if (std::string failure = send(); !failure.empty()) return failure;
    return receive();
  }

 private:
  std::string connect() {
    const auto candidates = resolve(target_.server);
    if (!candidates) return candidates.error().text;
    std::string failure;
    for (const resolved_address& at : *candidates) {
      failure = connect_to(at);
      if (failure.empty()) break;
    }
    return failure;
  }

  std::string connect_to(const resolved_address& at) {
    if (socket_ >= 0) ::close(socket_);
    socket_ = ::socket(at.tcp.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return std::strerror(errno);
    const socklen_t size =
        at.tcp.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (::connect(socket_, at.socket_address(), size) == 0) return {};
    if (errno != EINPROGRESS) return refusal(errno);
    if (!wait_for(POLLOUT)) return late("it accepted no connection");
    int error = 0;
    socklen_t error_size = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) error = errno;
    return error == 0 ? std::string{} : refusal(error);
  }

  std::string send() {
    const std::string request = "GET " + target_.path +
                                " HTTP/1.1\r\nHost: " + describe(target_.server) +
                                "\r\nUser-Agent: drover-audit\r\nAccept: */*\r\n"
                                "Connection: close\r\n\r\n";
    std::string_view rest = request;
    while (!rest.empty()) {
      const ssize_t size = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (size > 0) {
        rest.remove_prefix(static_cast<std::size_t>(size));
      } else if (errno == EAGAIN) {
        if (!wait_for(POLLOUT)) return late("it read no request");
      } else if (errno != EINTR) {
        return "the connection ended before an answer";
      }
    }
    return {};
  }

  std::string receive() {
    std::string answer;
    bool has_ended = false;
    while (!is_whole_answer(answer, has_ended) && answer.size() < answer_bytes_max) {
      if (has_ended) return "the connection ended before the end of the answer";
      if (!wait_for(POLLIN)) return late("it did not answer");
      std::array<char, 16'384> buffer{};
      const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (size > 0) answer.append(buffer.data(), static_cast<std::size_t>(size));
      has_ended = size <= 0;
    }
    const std::string status = status_of_answer(answer);
    if (status.empty()) return "the answer is not HTTP";
    const bool is_good = status.front() == '2' || status.front() == '3';
    return is_good ? std::string{} : "it answered " + status;
  }

  [[nodiscard]] bool wait_for(short readiness) const {
    for (;;) {
      const auto time_left =
          std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now()).count();
      if (time_left <= 0) return false;
      pollfd watched{socket_, readiness, 0};
      const int ready = ::poll(&watched, 1, static_cast<int>(time_left));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  [[nodiscard]] std::string late(const std::string& what) const {
    return what + " within " + text::in_words(std::chrono::nanoseconds{at_most_});
  }
  [[nodiscard]] std::string refusal(int error) const {
    return "cannot connect to " + describe(target_.server) + ": " + std::strerror(error);
  }

  const check_target& target_;
  const milliseconds at_most_;
  const steady_clock::time_point deadline_;
  int socket_ = -1;
};

std::string ask_command(const std::string& command, milliseconds at_most) {
  const shell_result done = run_shell(command, at_most);
  if (!done.is_started) return "the command of the check cannot be started";
  if (done.is_late) {
    return "the command did not end within " + text::in_words(std::chrono::nanoseconds{at_most});
  }
  return done.is_good() ? std::string{} : "the command " + process::ending_in_words(done.status);
}

}  // namespace

std::string ask(const check_target& target, milliseconds at_most) {
  if (!target.is_url()) return ask_command(target.command, at_most);
  return http_question{target, at_most}.answer();
}

void application_check::start() {
  // Each caller is done before it is its turn again.
  const std::int64_t callers = std::min(settings_.timeout / settings_.every + 2, callers_max);
  for (std::int64_t number = 0; number < callers; ++number) {
    threads_.emplace_back([this, number, callers] { run(number, callers); });
  }
}

void application_check::stop() {
  {
    const std::scoped_lock lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void application_check::run(std::int64_t number, std::int64_t callers) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  auto next = steady_clock::now() + number * settings_.every;
  const auto is_stopped = [this] { return is_stopping_; };
  std::unique_lock lock{mutex_};
  while (!wake_.wait_until(lock, next, is_stopped)) {
    lock.unlock();
    application_checked check;
    check.from = settings_.now();
    check.why = ask(settings_.target, settings_.timeout);
    check.to = settings_.now();
    check.is_served = check.why.empty();
    settings_.tell(std::move(check));
    next = std::max(next + callers * settings_.every, steady_clock::now());
    lock.lock();
  }
}

}  // namespace drover::audit
