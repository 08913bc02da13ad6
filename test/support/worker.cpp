// SPDX-License-Identifier: MIT
#include "support/worker.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "support/child_process.hpp"

namespace drover::test {

namespace {

using namespace std::chrono_literals;

constexpr auto answer_max = 90s;

[[noreturn]] void fail_call(const char* call) {
  throw std::system_error{errno, std::generic_category(), call};
}

}  // namespace

worker::worker(const std::string& program, const shared_origin& origin, const cache_setup& setup) {
  std::vector<std::string> arguments = setup.arguments();
  arguments.insert(arguments.begin(), origin.path());
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    fail_call("socketpair");
  pid_ = start_program(program, arguments, ends[1]);
  ::close(ends[1]);
  wire_ = ends[0];
  try {
    if (read_line() != "ready") throw std::runtime_error{"the worker did not start"};
  } catch (...) {
    kill9();
    ::close(wire_);
    throw;
  }
}

worker::~worker() {
  kill9();
  ::close(wire_);
}

void worker::poise(unsigned threads, std::string_view key) {
  send("poise " + std::to_string(threads) + " " + std::string{key});
  if (read_line() != "poised") throw std::runtime_error{"the worker's threads did not start"};
}

void worker::go() { send("go"); }

tally worker::result() { return tally::from_line(read_line()); }

tally worker::get(unsigned threads, std::string_view key) {
  start(threads, key);
  return result();
}

void worker::start(unsigned threads, std::string_view key) {
  poise(threads, key);
  go();
}

bool worker::invalidate(std::string_view key) {
  send("invalidate " + std::string{key});
  return read_line() == "acknowledged";
}

std::uint64_t worker::stat(std::string_view name) {
  send("stat " + std::string{name});
  return std::stoull(read_line());
}

std::uint64_t worker::events(event_kind kind) {
  send("events " + std::to_string(static_cast<unsigned>(kind)));
  return std::stoull(read_line());
}

void worker::send(const std::string& line) {
  const std::string bytes = line + "\n";
  if (::send(wire_, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error{"the worker does not listen"};
  }
}

std::string worker::read_line() {
  const auto deadline = std::chrono::steady_clock::now() + answer_max;
  for (;;) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd input{.fd = wire_, .events = POLLIN, .revents = 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&input, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) throw std::runtime_error{"the worker did not answer"};
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(wire_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error{"the worker has ended"};
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void worker::signal(int which) const {
  if (pid_ != 0) ::kill(pid_, which);
}

void worker::kill9() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

int worker::quit() {
  if (pid_ == 0) return -1;
  send("quit");
  const auto deadline = std::chrono::steady_clock::now() + answer_max;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      kill9();
      return -1;
    }
    std::this_thread::sleep_for(1ms);
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace drover::test
