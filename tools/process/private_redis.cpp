// SPDX-License-Identifier: MIT
#include "process/private_redis.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "process/end_of_log.hpp"
#include "process/find_program.hpp"
#include "text/usage_error.hpp"

namespace drover::process {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto redis_start_max = 20s;
constexpr auto attempt_max = 1s;  // for one PING; it is repeated
constexpr auto flush_max = 60s;   // long enough for a busy machine
constexpr const char* log_name = "redis.log";

child_process::plan plan_for(const fs::path& program, const fs::path& folder) {
  return {.program = program.string(),
          .arguments = {"redis-server", "--port", "0", "--unixsocket",
                        (folder / "redis.sock").string(), "--unixsocketperm", "700", "--dir",
                        folder.string(), "--logfile", (folder / log_name).string(), "--save", "",
                        "--appendonly", "no", "--daemonize", "no"}};
}

}  // namespace

fs::path find_redis_server(const std::optional<std::string>& typed) {
  if (typed) {
    if (is_executable(*typed)) return fs::absolute(*typed);
    throw text::usage_error{
        "--redis-server " + *typed +
        ": not an executable program; give the path of redis-server or valkey-server"};
  }
  for (const char* const name :
       {"redis-server", "valkey-server", "redis-check-rdb", "valkey-check-rdb"}) {
    if (const auto file = find_in_path(name)) return fs::absolute(*file);
  }
  throw text::usage_error{
      "neither redis-server nor valkey-server was found in $PATH: install one (on Debian: apt-get "
      "install redis-tools, which starts no service), or give its path with --redis-server"};
}

private_redis::private_redis(const fs::path& program, const fs::path& folder,
                             const signal_watch& signals)
    : program_{program}, folder_{folder} {
  start(signals);
}

void private_redis::start(const signal_watch& signals) {
  process_.reset();
  process_.emplace(plan_for(program_, folder_));
  const auto deadline = std::chrono::steady_clock::now() + redis_start_max;
  while (!answers("PING\r\n", "+PONG", attempt_max)) {
    if (const auto status = process_->status()) {
      throw std::runtime_error{"redis-server (" + program_.string() + ") " +
                               ending_in_words(*status) + end_of_log(folder_ / log_name)};
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error{"redis-server (" + program_.string() + ") does not answer" +
                               end_of_log(folder_ / log_name)};
    }
    signals.pause(5ms);
  }
}

void private_redis::kill() {
  is_killed_ = true;
  process_.reset();
}

void private_redis::start_again(const signal_watch& signals) {
  start(signals);
  is_killed_ = false;
}

void private_redis::flush_all() const {
  if (!answers("FLUSHALL\r\n", "+OK", flush_max))
    throw std::runtime_error{"redis-server did not execute FLUSHALL"};
}

bool private_redis::answers(std::string_view request, std::string_view expected,
                            std::chrono::seconds limit) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket().string();
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const timeval silence{.tv_sec = limit.count(), .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
  std::string reply(expected.size(), '\0');
  const bool sent =
      ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size());
  const bool received = sent && ::recv(descriptor, reply.data(), reply.size(), MSG_WAITALL) ==
                                    static_cast<ssize_t>(reply.size());
  ::close(descriptor);
  return received && reply == expected;
}

}  // namespace drover::process
