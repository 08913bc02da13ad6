// SPDX-License-Identifier: MIT
#include "support/redis_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "support/child_process.hpp"

namespace drover::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto start_max = 20s;
constexpr int port_attempts = 10;

fs::path fresh_directory() {
  std::string name = (fs::temp_directory_path() / "drover-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  }
  return name;
}

std::optional<fs::path> in_path(std::string_view program) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders{path != nullptr ? path : ""};
  for (std::string folder; std::getline(folders, folder, ':');) {
    fs::path program_path = fs::path{folder} / program;
    if (::access(program_path.c_str(), X_OK) == 0) return program_path;
  }
  return std::nullopt;
}

}  // namespace

fs::path redis_program(const fs::path& folder) {
  if (const char* const configured = std::getenv("DROVER_REDIS_SERVER")) return configured;
#ifdef DROVER_REDIS_SERVER
  if (::access(DROVER_REDIS_SERVER, X_OK) == 0) return DROVER_REDIS_SERVER;
#endif
  if (auto program_path = in_path("redis-server")) return *std::move(program_path);
  if (const auto program_path = in_path("redis-check-rdb")) {
    fs::create_symlink(*program_path, folder / "redis-server");
    return folder / "redis-server";
  }
  if (auto program_path = in_path("valkey-server")) return *std::move(program_path);
  throw std::runtime_error{
      "these tests need redis-server: install it or set DROVER_REDIS_SERVER to its path"};
}

fs::path valkey_program() {
  if (const char* const configured = std::getenv("DROVER_VALKEY_SERVER")) return configured;
  return in_path("valkey-server").value_or(fs::path{});
}

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool is_free = descriptor >= 0 && ::bind(descriptor, generic, size) == 0 &&
                       ::getsockname(descriptor, generic, &size) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!is_free) throw std::system_error{errno, std::generic_category(), "no free port"};
  return ntohs(address.sin_port);
}

redis_server::redis_server(options with) : with_{std::move(with)}, directory_{fresh_directory()} {
  try {
    program_ = with_.program.empty() ? redis_program(directory_) : with_.program;
    socket_path_ = (directory_ / "redis.sock").string();
    for (int attempt = 1;; ++attempt) {
      if (with_.tcp) port_ = free_port();
      if (with_.tls) tls_port_ = free_port();
      launch();
      if (wait_until_up()) return;
      end(SIGKILL);
      if ((!with_.tcp && !with_.tls) || attempt == port_attempts) {
        throw std::runtime_error{"redis-server did not start:\n" + end_of_log()};
      }
    }
  } catch (...) {
    end(SIGKILL);
    fs::remove_all(directory_);
    throw;
  }
}

redis_server::~redis_server() {
  end(SIGKILL);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string redis_server::url() const { return "unix://" + socket_path_; }

std::string redis_server::tcp_url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

void redis_server::stop() { end(SIGTERM); }

void redis_server::kill9() { end(SIGKILL); }

void redis_server::restart() {
  stop();
  start();
}

void redis_server::pause() {
  if (pid_ != 0) ::kill(pid_, SIGSTOP);
}

void redis_server::resume() {
  if (pid_ != 0) ::kill(pid_, SIGCONT);
}

raw_client redis_server::connect3() const {
  raw_client client = connect();
  if (client.command({"HELLO", "3"}).root().is_error()) throw std::runtime_error{"HELLO 3 refused"};
  return client;
}

resp::message redis_server::command(std::initializer_list<std::string_view> arguments) const {
  return connect().command(arguments);
}

void redis_server::start() {
  launch();
  if (!wait_until_up()) {
    end(SIGKILL);
    throw std::runtime_error{"redis-server did not start again:\n" + end_of_log()};
  }
}

void redis_server::launch() {
  std::vector<std::string> arguments{"--port",       std::to_string(port_),
                                     "--bind",       "127.0.0.1",
                                     "--unixsocket", socket_path_,
                                     "--dir",        directory_.string(),
                                     "--logfile",    (directory_ / "log").string(),
                                     "--save",       "",
                                     "--appendonly", "no",
                                     "--daemonize",  "no"};
  if (with_.tls) {
    arguments.insert(arguments.end(), {"--tls-port", std::to_string(tls_port_)});
  }
  arguments.insert(arguments.end(), with_.arguments.begin(), with_.arguments.end());
  pid_ = start_program(program_.string(), arguments);
}

bool redis_server::wait_until_up() {
  const auto deadline = std::chrono::steady_clock::now() + start_max;
  while (std::chrono::steady_clock::now() < deadline) {
    if (has_ended()) return false;
    try {
      const resp::message reply = command({"PING"});
      if (!reply.root().text().starts_with("LOADING")) return true;
    } catch (const std::runtime_error&) {
      // The server does not listen yet.
    }
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

bool redis_server::has_ended() {
  if (pid_ == 0) return true;
  if (::waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
  pid_ = 0;
  return true;
}

void redis_server::end(int signal) {
  if (pid_ == 0) return;
  ::kill(pid_, signal);
  ::kill(pid_, SIGCONT);
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!has_ended()) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(1ms);
  }
}

std::string redis_server::end_of_log() const {
  std::ifstream log{directory_ / "log"};
  const std::string text{std::istreambuf_iterator<char>{log}, {}};
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

}  // namespace drover::test
