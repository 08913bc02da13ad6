// SPDX-License-Identifier: MIT
#include "support/sentinels.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/child_process.hpp"

namespace drover::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Only a group that never comes up takes this long.
constexpr auto patience = 60s;

std::uint16_t number_in(std::string_view text) {
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The value after `name` in a list of names and values.
std::string field_of(const resp::message& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.root().size(); i += 2) {
    if (list.root()[i].text() == name) return std::string{list.root()[i + 1].text()};
  }
  return {};
}

}  // namespace

sentinel_process::sentinel_process(std::uint16_t primary_port, unsigned quorum, options with)
    : with_{std::move(with)} {
  std::string name = (fs::temp_directory_path() / "drover-sentinel-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
  folder_ = name;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (pid_ == 0) {
    port_ = free_port();
    std::ofstream config{folder_ / "sentinel.conf"};
    config << (with_.tls_config.empty() || with_.is_plain_port ? "port " : "port 0\ntls-port ")
           << port_ << "\nbind 127.0.0.1\nprotected-mode no\ndir " << folder_.string()
           << "\nlogfile log\nsentinel monitor main 127.0.0.1 " << primary_port << ' ' << quorum
           << "\nsentinel down-after-milliseconds main " << with_.down_after.count()
           << "\nsentinel failover-timeout main 10000\nsentinel parallel-syncs main 2\n";
    if (!with_.password.empty()) {
      config << "requirepass " << with_.password << "\nsentinel sentinel-pass " << with_.password
             << '\n';
    }
    if (!with_.tls_config.empty()) {
      config << with_.tls_config << "unixsocket " << (folder_ / "socket").string() << '\n';
    }
    config.close();
    pid_ = start_program(redis_program(folder_).string(),
                         {(folder_ / "sentinel.conf").string(), "--sentinel"});
    for (bool answers = false; !answers;) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = 0;  // the port was taken: another one
        break;
      }
      if (std::chrono::steady_clock::now() > deadline) {
        kill9();
        throw std::runtime_error{"a sentinel did not start"};
      }
      try {
        static_cast<void>(connect());
        answers = true;
      } catch (const std::runtime_error&) {
        std::this_thread::sleep_for(5ms);
      }
    }
  }
}

sentinel_process::~sentinel_process() {
  kill9();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

raw_client sentinel_process::connect() const {
  raw_client client = with_.tls_config.empty()
                          ? raw_client::over_tcp(port_)
                          : raw_client::over_unix((folder_ / "socket").string());
  const resp::message reply =
      with_.password.empty() ? client.command({"PING"}) : client.command({"AUTH", with_.password});
  if (reply.root().is_error()) throw std::runtime_error{std::string{reply.root().text()}};
  return client;
}

void sentinel_process::kill9() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void sentinel_process::pause() {
  if (pid_ != 0) ::kill(pid_, SIGSTOP);
}

void sentinel_process::resume() {
  if (pid_ != 0) ::kill(pid_, SIGCONT);
}

sentinel_group::sentinel_group(options with) : with_{std::move(with)} {
  for (int i = 0; i < 3; ++i) {
    servers.push_back(std::make_unique<redis_server>(redis_server::options{
        .tcp = !with_.tls, .arguments = server_arguments(i == 0), .tls = with_.tls}));
  }
  const std::uint16_t primary_port = port_of(*servers[0]);
  for (int i = 1; i < 3; ++i) {
    servers[std::size_t(i)]->command({"REPLICAOF", "127.0.0.1", std::to_string(primary_port)});
  }
  for (int i = 0; i < 3; ++i) {
    sentinels.push_back(std::make_unique<sentinel_process>(
        primary_port, 2,
        sentinel_process::options{.password = with_.sentinel_password,
                                  .tls_config = sentinel_tls(),
                                  .is_plain_port = with_.plain_sentinels,
                                  .down_after = with_.down_after}));
  }
  await(
      [&] {
        return std::ranges::all_of(sentinels, [](const auto& sentinel) {
          const resp::message known = sentinel->connect().command({"SENTINEL", "MASTER", "main"});
          return field_of(known, "num-slaves") == "2" &&
                 field_of(known, "num-other-sentinels") == "2";
        });
      },
      "the sentinels do not know all servers");
  await(
      [&] {
        return std::ranges::all_of(servers, [](const auto& server) {
          const resp::message info = server->command({"INFO", "replication"});
          return info.root().text().find("role:master") != std::string_view::npos ||
                 info.root().text().find("master_link_status:up") != std::string_view::npos;
        });
      },
      "the replicas are not in step");
}

std::vector<std::string> sentinel_group::server_arguments(bool is_primary) {
  std::vector<std::string> out{"--repl-diskless-sync-delay", "0"};
  if (!with_.tls) return out;
  const std::string name = "server" + std::to_string(servers.size());
  const auto own = ca.issue(is_primary ? with_.of_primary : with_.of_replicas);
  out.insert(out.end(), {"--tls-cert-file", folder.write(name + ".pem", own.certificate),
                         "--tls-key-file", folder.write(name + ".key", own.key),
                         "--tls-ca-cert-file", folder.write("ca.pem", ca.certificate()),
                         "--tls-auth-clients", "no", "--tls-replication", "yes"});
  return out;
}

std::string sentinel_group::sentinel_tls() {
  if (!with_.tls) return {};
  const std::string name = "sentinel" + std::to_string(sentinels.size());
  const auto own = ca.issue(with_.of_sentinels);
  return "tls-cert-file " + folder.write(name + ".pem", own.certificate) + "\ntls-key-file " +
         folder.write(name + ".key", own.key) + "\ntls-ca-cert-file " +
         folder.write("ca.pem", ca.certificate()) + "\ntls-auth-clients no\ntls-replication yes\n";
}

std::string sentinel_group::url() const {
  std::string text = with_.tls ? "rediss+sentinel://" : "redis+sentinel://";
  for (const auto& sentinel : sentinels) {
    if (text.back() != '/') text += ',';
    text += "127.0.0.1:" + std::to_string(sentinel->port());
  }
  return text + "/main";
}

redis_server& sentinel_group::primary() {
  const std::uint16_t port = named_port();
  for (const auto& server : servers) {
    if (port_of(*server) == port) return *server;
  }
  throw std::runtime_error{"the sentinels name a server that is not in the group"};
}

bool sentinel_group::has_left(const redis_server& former) {
  redis_server& named = primary();
  if (&named == &former) return false;
  const resp::message role = named.command({"ROLE"});
  return role.root().size() > 0 && role.root()[0].text() == "master";
}

void sentinel_group::fail_over() {
  // A sentinel refuses while it has not heard of a good replica for some time.
  await(
      [&] {
        return !sentinels[0]->connect().command({"SENTINEL", "FAILOVER", "main"}).root().is_error();
      },
      "no failover was possible");
}

std::uint16_t sentinel_group::named_port() {
  for (const auto& sentinel : sentinels) {
    try {
      const resp::message named =
          sentinel->connect().command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"});
      if (named.root().size() == 2) return number_in(named.root()[1].text());
    } catch (const std::runtime_error&) {
      // This one was killed.
    }
  }
  throw std::runtime_error{"no sentinel answers"};
}

void sentinel_group::await(const std::function<bool()>& holds, const char* condition) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{condition};
    std::this_thread::sleep_for(10ms);
  }
}

}  // namespace drover::test
