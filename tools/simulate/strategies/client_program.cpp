// SPDX-License-Identifier: MIT
#include "simulate/strategies/client_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "base/printing.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t name_max = 100;
constexpr std::size_t chunk = 4096;
constexpr auto ending_max = 1s;  // the longest wait for the exit code of a program
constexpr int errors_inside = 3;

class descriptor {
 public:
  explicit descriptor(int number) : number_{number} {}
  descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() { close(); }

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
  void close() noexcept {
    if (number_ >= 0) ::close(release());
  }

 private:
  int number_;
};

using descriptor_pair = std::pair<descriptor, descriptor>;

[[noreturn]] void fail_to_start() {
  throw std::system_error{errno, std::generic_category(), "starting a client program"};
}

descriptor_pair make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail_to_start();
  return {descriptor{ends[0]}, descriptor{ends[1]}};
}

descriptor_pair make_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail_to_start();
  return {descriptor{ends[0]}, descriptor{ends[1]}};
}

struct child_setup {
  const char* path;
  char* const* words;
  int input;
  int output;
  int errors;  ///< receives errno if execv fails
  pid_t parent;
};

/// Runs in the child, where only async-signal-safe functions may be called.
[[noreturn]] void run_program(const child_setup& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);
  ::dup2(plan.input, STDIN_FILENO);
  ::dup2(plan.output, STDOUT_FILENO);
  if (plan.errors != errors_inside) ::dup3(plan.errors, errors_inside, O_CLOEXEC);
  ::close_range(errors_inside + 1, ~0U, 0);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(plan.path, plan.words);
  const int error = errno;
  static_cast<void>(!::write(errors_inside, &error, sizeof error));
  ::_exit(127);
}

}  // namespace

client_program::client_program(program_call call, program_limits limits)
    : limits_{limits}, name_{'"' + base::escape(call.display_name, name_max) + '"'} {
  auto [our_input, its_input] = make_sockets();
  auto [our_output, its_output] = make_pipe();
  auto [our_errors, its_errors] = make_pipe();
  ::fcntl(our_output.number(), F_SETFL, O_NONBLOCK);
  std::vector<char*> arguments;
  for (std::string& word : call.words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const child_setup plan{call.path.c_str(),   arguments.data(),    its_input.number(),
                         its_output.number(), its_errors.number(), ::getpid()};
  pid_ = ::fork();
  if (pid_ < 0) fail_to_start();
  if (pid_ == 0) run_program(plan);
  its_input.close();
  its_output.close();
  its_errors.close();
  int error = 0;
  ssize_t size = 0;
  do {
    size = ::read(our_errors.number(), &error, sizeof error);
  } while (size < 0 && errno == EINTR);
  if (size == sizeof error) {
    ::waitpid(pid_, nullptr, 0);
    throw std::system_error{error, std::generic_category(), "starting " + name_};
  }
  input_ = our_input.release();
  output_ = our_output.release();
}

client_program::~client_program() {
  end_input();
  if (!has_ended()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(output_);
}

void client_program::send_line(std::string_view line) {
  const moment deadline = std::chrono::steady_clock::now() + limits_.silence_max;
  std::string text{line};
  text += '\n';
  for (std::string_view unsent = text; !unsent.empty();) {
    const ssize_t sent = ::send(input_, unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      unsent.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(input_, POLLOUT, deadline)) fail("does not read its input");
    } else if (errno != EINTR) {
      fail(ending());
    }
  }
}

std::string client_program::read_line() {
  const moment deadline = std::chrono::steady_clock::now() + limits_.silence_max;
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (std::min(end, buffer_.size()) > limits_.line_max) {
      fail("sent more than " + std::to_string(limits_.line_max) + " bytes in one line: \"" +
           base::escape(buffer_, name_max) + '"');
    }
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (has_output_ended_) fail(ending());
    if (!wait_for(output_, POLLIN, deadline)) {
      fail("sent nothing for " + std::to_string(limits_.silence_max.count()) + " ms");
    }
    read_more();
  }
}

std::string_view client_program::unread_output() {
  while (buffer_.size() <= limits_.line_max && read_more()) {
  }
  return buffer_;
}

bool client_program::has_ended() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_.has_value();
}

void client_program::end_input() noexcept {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

bool client_program::wait_for(int descriptor, short events, moment deadline) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd watched{descriptor, events, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::max(left, 0ms).count()));
    if (ready > 0) return true;
    if (ready == 0 && left <= 0ms) return false;
  }
}

bool client_program::read_more() {
  std::array<char, chunk> bytes{};
  const ssize_t size = ::read(output_, bytes.data(), bytes.size());
  if (size > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(size));
  if (size == 0) has_output_ended_ = true;
  return size > 0;
}

void client_program::fail(const std::string& problem) const {
  throw program_failed{name_ + ' ' + problem};
}

std::string client_program::ending() {
  const moment deadline = std::chrono::steady_clock::now() + ending_max;
  while (!has_ended() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  const std::string last =
      buffer_.empty() ? "" : ", after \"" + base::escape(buffer_, name_max) + '"';
  if (!status_) return "closed its input or output" + last;
  if (WIFSIGNALED(*status_)) {
    const int signal = WTERMSIG(*status_);
    return "was ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ')' +
           last;
  }
  return "ended with exit code " + std::to_string(WEXITSTATUS(*status_)) + last;
}

}  // namespace drover::simulate
