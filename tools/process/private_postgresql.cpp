// SPDX-License-Identifier: MIT
#include "process/private_postgresql.hpp"

#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <pqxx/pqxx>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "process/end_of_log.hpp"
#include "process/find_program.hpp"

namespace drover::process {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto start_max = 60s;
constexpr auto stop_max = 10s;
constexpr auto poll_tick = 20ms;

bool has_programs(const fs::path& folder) {
  return is_executable(folder / "initdb") && is_executable(folder / "postgres");
}

std::optional<user> server_user() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* const name : {"postgres", "nobody"}) {
    if (const passwd* const entry = ::getpwnam(name)) return user{entry->pw_uid, entry->pw_gid};
  }
  throw std::runtime_error{
      "PostgreSQL does not run as root, and this system has no user postgres or nobody"};
}

/// Ends initdb and the servers that it starts in its process group, unless initdb has succeeded.
/// The group gets SIGTERM first, because a server that is killed leaves its shared memory behind.
class group_end {
 public:
  explicit group_end(child_process& first) : first_{first} {}
  ~group_end() {
    if (first_.status() == 0) return;
    const pid_t group = first_.pid();
    const auto deadline = std::chrono::steady_clock::now() + stop_max;
    ::kill(-group, SIGTERM);
    first_.stop(SIGTERM, stop_max);
    while (::kill(-group, 0) == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
    ::kill(-group, SIGKILL);
  }
  group_end(const group_end&) = delete;
  group_end& operator=(const group_end&) = delete;

 private:
  child_process& first_;
};

/// Settings that do not depend on variables or files of the user. Nothing is synced to disk,
/// because the data are removed with the folder.
std::vector<std::string> server_settings(const fs::path& folder, unsigned connections) {
  return {"listen_addresses=",
          "unix_socket_directories=" + folder.string(),
          "unix_socket_permissions=0700",
          "max_connections=" + std::to_string(connections),
          "shared_buffers=16MB",
          "dynamic_shared_memory_type=mmap",
          "fsync=off",
          "full_page_writes=off",
          "synchronous_commit=off",
          "autovacuum=off",
          "jit=off",
          "log_statement=all",
          "log_line_prefix=",
          "log_parameter_max_length=0",
          "log_min_error_statement=panic"};
}

}  // namespace

std::optional<fs::path> find_postgresql_programs(const std::optional<std::string>& typed) {
  if (typed) {
    return has_programs(*typed) ? std::optional{fs::absolute(*typed)} : std::nullopt;
  }
  if (const auto initdb = find_in_path("initdb"); initdb && has_programs(initdb->parent_path())) {
    return fs::absolute(initdb->parent_path());
  }
  std::optional<fs::path> newest;
  int version = 0;
  std::error_code none;
  for (const auto& folder : fs::directory_iterator{"/usr/lib/postgresql", none}) {
    const int number = std::atoi(folder.path().filename().c_str());
    if (number <= version || !has_programs(folder.path() / "bin")) continue;
    version = number;
    newest = folder.path() / "bin";
  }
  return newest;
}

private_postgresql::private_postgresql(const fs::path& programs, unsigned connections,
                                       const signal_watch& signals)
    : runs_as_{server_user()}, folder_{runs_as_ ? scratch_folder{*runs_as_} : scratch_folder{}} {
  make_cluster(programs, signals);
  try {
    start(programs, connections, signals);
  } catch (...) {
    stop();
    throw;
  }
}

private_postgresql::~private_postgresql() { stop(); }

/// SIGINT and SIGQUIT let the server remove its shared memory. SIGKILL would leave it behind.
void private_postgresql::stop() {
  if (process_ && !process_->stop(SIGINT, stop_max)) process_->stop(SIGQUIT, stop_max);
}

std::string private_postgresql::url() const {
  std::string host;
  for (const char byte : folder_.path().string()) {
    host += byte == '%' || byte == '&' ? (byte == '%' ? "%25" : "%26") : std::string{byte};
  }
  return "postgresql://drover@/postgres?port=5432&host=" + host;
}

child_process::plan private_postgresql::program(const fs::path& file) const {
  return {.program = file,
          .arguments = {file.filename()},
          .folder = folder_.path(),
          .output = log(),
          .runs_as = runs_as_,
          // An immediate shutdown, which also ends the processes of the server.
          .signal_of_death = SIGQUIT};
}

std::string private_postgresql::log() const { return folder_.path() / "log"; }

void private_postgresql::make_cluster(const fs::path& programs, const signal_watch& signals) {
  child_process::plan plan = program(programs / "initdb");
  for (const char* const argument :
       {"--pgdata=data", "--username=drover", "--auth=trust", "--encoding=UTF8", "--no-locale",
        "--no-sync", "--no-instructions"}) {
    plan.arguments.emplace_back(argument);
  }
  plan.signal_of_death = SIGKILL;
  child_process initdb{plan};
  const group_end cleanup{initdb};
  const auto deadline = std::chrono::steady_clock::now() + start_max;
  while (!initdb.status()) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error{"initdb (" + programs.string() + ") did not end within " +
                               std::to_string(start_max.count()) + " s" + end_of_log(log())};
    }
    signals.pause(poll_tick);
  }
  if (initdb.status() != 0) {
    throw std::runtime_error{"initdb (" + programs.string() + ") " +
                             ending_in_words(*initdb.status()) + end_of_log(log())};
  }
}

void private_postgresql::start(const fs::path& programs, unsigned connections,
                               const signal_watch& signals) {
  child_process::plan plan = program(programs / "postgres");
  for (const char* const argument : {"-D", "data", "-p", "5432"}) {
    plan.arguments.emplace_back(argument);
  }
  for (std::string& setting : server_settings(folder_.path(), connections)) {
    plan.arguments.insert(plan.arguments.end(), {"-c", std::move(setting)});
  }
  process_.emplace(plan);
  const auto deadline = std::chrono::steady_clock::now() + start_max;
  for (;;) {
    std::string reason;
    try {
      const pqxx::connection attempt{url()};
      return;
    } catch (const pqxx::failure& error) {
      reason = error.what();
    }
    if (const auto status = process_->status()) {
      throw std::runtime_error{"postgres (" + programs.string() + ") " + ending_in_words(*status) +
                               end_of_log(log())};
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error{"postgres (" + programs.string() + ") does not answer: " + reason +
                               end_of_log(log())};
    }
    signals.pause(poll_tick);
  }
}

std::uint64_t private_postgresql::executed(std::string_view statement) const {
  const std::string prefix = "LOG:  execute " + std::string{statement} + ":";
  std::uint64_t count = 0;
  std::ifstream lines{log()};
  for (std::string line; std::getline(lines, line);) count += line.starts_with(prefix) ? 1U : 0U;
  return count;
}

}  // namespace drover::process
