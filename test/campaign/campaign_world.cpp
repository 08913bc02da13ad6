// SPDX-License-Identifier: MIT
#include "campaign/campaign_world.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "audit/proxy/address.hpp"
#include "fault/plan/spec_parser.hpp"
#include "support/child_process.hpp"

namespace drover::campaign {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto ready_max = 60s;
constexpr auto end_max = 90s;

fs::path new_folder() {
  std::string name = (fs::temp_directory_path() / "drover-campaign-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  return name;
}

}  // namespace

campaign_world::campaign_world(const world_settings& with) : with_{with}, folder_{new_folder()} {
  origin_ = std::make_unique<origin_table>((folder_ / "origin").string());
  table().loads_at_once_max = with_.loads_at_once_max;
  table().load_us = with_.load_us;
  if (!with_.proxy_script.empty()) start_proxy();
  workers_.resize(with_.processes);
  for (std::uint32_t i = 0; i < with_.processes; ++i) start_worker(i);
  wait_until_ready();
}

campaign_world::~campaign_world() {
  for (worker& one : workers_) end_worker(one, history::outcome::killed);
  if (proxy_) proxy_->stop();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

fs::path campaign_world::snapshot() const {
  return fs::path{server_.socket_path()}.parent_path() / "dump.rdb";
}

void campaign_world::start_proxy() {
  auto parsed = faults::parse_script(with_.proxy_script);
  auto* const specs = std::get_if<std::vector<faults::fault_spec>>(&parsed);
  if (specs == nullptr) throw std::invalid_argument{"the script of the proxy is not valid"};
  faults::fault_proxy_settings settings;
  settings.server = {"", 0, server_.socket_path()};
  settings.specs = std::move(*specs);
  settings.seed = with_.seed;
  settings.injected = [this](const faults::injection& event) { add_injection(event); };
  proxy_ = std::make_unique<faults::fault_proxy>(std::move(settings));
  const auto at = proxy_->listen();
  if (!at) throw std::runtime_error{at.error().text};
  proxy_url_ = "redis://" + audit::describe(*at);
  proxy_->start();
}

void campaign_world::add_injection(const faults::injection& event) {
  if (!event.failure.empty()) return;
  history::record one;
  one.action = history::action::fault;
  one.outcome = history::outcome::done;
  one.detail = number_of(event.kind);
  one.flags = history::is_proxied;
  one.process = history::everyone;
  one.begin_ns = now_ns();
  one.end_ns = one.begin_ns;
  if (event.delay) one.end_ns += static_cast<std::uint64_t>(event.delay->count()) * 1000;
  const std::scoped_lock lock{injections_mutex_};
  injections_.push_back(one);
}

void campaign_world::start_worker(std::uint32_t number) {
  const bool is_proxied = proxy_ && (with_.all_behind_proxy || number % 2 == 1);
  worker& one = workers_[number];
  one.plan = with_.plan;
  one.plan.folder = folder_.string();
  one.plan.url = is_proxied ? proxy_url_ : server_.url();
  one.plan.process = started_++;
  one.plan.seed = with_.seed;
  if (number < with_.broken_processes) one.plan.client = with_.broken_client;
  one.began_ns = now_ns();
  std::vector<std::string> arguments = one.plan.arguments();
  arguments.insert(arguments.begin(), "worker");
  one.pid = test::start_program(with_.program, arguments);
  record_paths_.push_back(one.plan.record_path());
}

void campaign_world::wait_until_ready() const {
  const auto until = std::chrono::steady_clock::now() + ready_max;
  while (table().workers_ready < with_.processes) {
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error{"the workers did not start"};
    std::this_thread::sleep_for(5ms);
  }
}

void campaign_world::signal_worker(std::uint32_t number, int signal) const {
  if (workers_[number].pid != 0) ::kill(workers_[number].pid, signal);
}

std::uint32_t campaign_world::process_of(std::uint32_t number) const {
  return workers_[number].plan.process;
}

void campaign_world::replace_worker(std::uint32_t number) {
  end_worker(workers_[number], history::outcome::killed);
  start_worker(number);
}

void campaign_world::end_worker(worker& one, history::outcome how) {
  if (one.pid == 0) return;
  history::record life;
  life.action = history::action::process;
  life.process = one.plan.process;
  life.begin_ns = one.began_ns;
  life.end_ns = now_ns();
  if (one.plan.url == proxy_url_) life.flags = history::is_proxied;
  int status = 0;
  if (how == history::outcome::ended) {
    const auto until = std::chrono::steady_clock::now() + end_max;
    while (::waitpid(one.pid, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > until) {
        how = history::outcome::hung;
        break;
      }
      std::this_thread::sleep_for(1ms);
    }
    if (how == history::outcome::ended && status != 0) how = history::outcome::crashed;
    life.end_ns = now_ns();
  } else if (::waitpid(one.pid, &status, WNOHANG) == one.pid) {
    how = history::outcome::crashed;
    one.pid = 0;
  }
  if (how == history::outcome::killed || how == history::outcome::hung) {
    ::kill(one.pid, SIGKILL);
    ::waitpid(one.pid, nullptr, 0);
  }
  one.pid = 0;
  life.outcome = how;
  life.detail =
      static_cast<std::uint8_t>(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  own_records_.push_back(life);
}

std::size_t campaign_world::begin_fault(fault kind, std::uint32_t process) {
  history::record one;
  one.action = history::action::fault;
  one.detail = number_of(kind);
  one.process = process;
  one.begin_ns = now_ns();
  own_records_.push_back(one);
  return own_records_.size() - 1;
}

void campaign_world::end_fault(std::size_t number) {
  own_records_[number].outcome = history::outcome::done;
  own_records_[number].end_ns = now_ns();
}

void campaign_world::finish() {
  set_phase(phase::stopped);
  for (worker& one : workers_) end_worker(one, history::outcome::ended);
  if (proxy_) proxy_->stop();
}

std::vector<history::record> campaign_world::records() const {
  std::vector<history::record> all = own_records_;
  all.insert(all.end(), injections_.begin(), injections_.end());
  for (const std::string& path : record_paths_) {
    const std::vector<history::record> part = record_file::read(path);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace drover::campaign
