// SPDX-License-Identifier: MIT
#include "campaign/chaos.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace drover::campaign {

namespace {

constexpr std::chrono::seconds storm_length{7};
constexpr std::chrono::seconds gentle_length{6};

std::uint64_t used_memory(const test::redis_server& server) {
  const resp::message reply = server.command({"INFO", "memory"});
  const std::string text{reply.root().text()};
  const std::size_t at = text.find("used_memory:");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + 12));
}

}  // namespace

std::uint32_t chaos::draw(std::uint32_t below) {
  return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random_);
}

chaos::milliseconds chaos::draw_ms(std::uint32_t low, std::uint32_t high) {
  return milliseconds{low + draw(high - low)};
}

void chaos::run(std::chrono::seconds time, const std::atomic<bool>* is_interrupted) {
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    const auto since = std::chrono::steady_clock::now() - begun;
    if (since >= time || (is_interrupted != nullptr && *is_interrupted)) return;
    const bool is_storm = since % (storm_length + gentle_length) < storm_length;
    cause(next(is_storm));
    std::this_thread::sleep_for(draw_ms(20, 300));
  }
}

// All kinds come in turn, in random order, so that also a short run meets each of them.
fault chaos::next(bool is_storm) {
  std::vector<fault>& left = is_storm ? harsh_ : gentle_;
  if (left.empty()) {
    for (std::uint8_t i = is_storm ? 0 : harsh_fault_count; i < fault_count; ++i)
      left.push_back(static_cast<fault>(i));
    std::shuffle(left.begin(), left.end(), random_);
  }
  const fault kind = left.back();
  left.pop_back();
  return kind;
}

void chaos::cause(fault kind) {
  switch (kind) {
    case fault::server_kill: return kill_server(false);
    case fault::server_restore: return kill_server(true);
    case fault::server_stop: return stop_server();
    case fault::client_kill: return kill_clients();
    case fault::flush: return send(kind, {"FLUSHALL"});
    case fault::eviction:
    case fault::no_memory: return limit_memory(kind);
    case fault::replica: return make_replica();
    case fault::worker_stop: return stop_workers();
    case fault::worker_kill: return kill_worker();
    case fault::client_pause: return pause_clients();
    case fault::script_flush: return send(kind, {"SCRIPT", "FLUSH"});
    case fault::no_permission: return deny_scripts();
  }
}

void chaos::send_quietly(std::initializer_list<std::string_view> command) {
  const resp::message reply = world_.server().command(command);
  if (reply.root().is_error()) throw std::runtime_error{std::string{reply.root().text()}};
}

void chaos::send(fault kind, std::initializer_list<std::string_view> command) {
  const std::size_t number = world_.begin_fault(kind);
  send_quietly(command);
  world_.end_fault(number);
}

void chaos::kill_server(bool restores) {
  test::redis_server& server = world_.server();
  if (restores) {
    send_quietly({"SAVE"});
    std::this_thread::sleep_for(draw_ms(1, 400));  // changes that the snapshot does not contain
  }
  const std::size_t number =
      world_.begin_fault(restores ? fault::server_restore : fault::server_kill);
  server.kill9();
  std::error_code ignored;
  if (!restores) std::filesystem::remove(world_.snapshot(), ignored);
  std::this_thread::sleep_for(draw_ms(1, 300));
  server.restart();
  world_.end_fault(number);
}

void chaos::stop_server() {
  const std::size_t number = world_.begin_fault(fault::server_stop);
  world_.server().pause();
  std::this_thread::sleep_for(draw_ms(50, 1500));
  world_.server().resume();
  world_.end_fault(number);
}

void chaos::kill_clients() {
  const std::size_t number = world_.begin_fault(fault::client_kill);
  send_quietly({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  world_.end_fault(number);
}

void chaos::limit_memory(fault kind) {
  const std::size_t number = world_.begin_fault(kind);
  const std::uint64_t used = used_memory(world_.server());
  send_quietly({"CONFIG", "SET", "maxmemory-policy",
                kind == fault::eviction ? "allkeys-random" : "noeviction"});
  const std::uint64_t most = kind == fault::eviction ? used - used / 50 : 1000;
  send_quietly({"CONFIG", "SET", "maxmemory", std::to_string(most)});
  std::this_thread::sleep_for(draw_ms(50, 600));
  send_quietly({"CONFIG", "SET", "maxmemory", "0"});
  send_quietly({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  world_.end_fault(number);
}

void chaos::make_replica() {
  const std::size_t number = world_.begin_fault(fault::replica);
  send_quietly({"REPLICAOF", "127.0.0.1", "1"});
  std::this_thread::sleep_for(draw_ms(20, 500));
  send_quietly({"REPLICAOF", "NO", "ONE"});
  world_.end_fault(number);
}

// Longer than the lease. Meanwhile something else may happen, too.
void chaos::stop_workers() {
  const std::uint32_t first = draw(world_.processes());
  std::vector<std::uint32_t> victims{first};
  if (draw(2) == 0) victims.push_back((first + 1) % world_.processes());
  std::vector<std::size_t> numbers;
  for (const std::uint32_t victim : victims) {
    numbers.push_back(world_.begin_fault(fault::worker_stop, world_.process_of(victim)));
    world_.signal_worker(victim, SIGSTOP);
  }
  std::this_thread::sleep_for(draw_ms(250, 700));
  constexpr fault meanwhile[] = {fault::server_kill, fault::server_restore, fault::flush,
                                 fault::client_kill};
  if (draw(2) == 0) cause(meanwhile[draw(4)]);
  std::this_thread::sleep_for(draw_ms(250, 700));
  for (const std::uint32_t victim : victims) world_.signal_worker(victim, SIGCONT);
  for (const std::size_t number : numbers) world_.end_fault(number);
}

void chaos::kill_worker() {
  const std::uint32_t victim = draw(world_.processes());
  const std::size_t number = world_.begin_fault(fault::worker_kill, world_.process_of(victim));
  world_.replace_worker(victim);
  world_.end_fault(number);
}

void chaos::pause_clients() {
  const std::size_t number = world_.begin_fault(fault::client_pause);
  const milliseconds length = draw_ms(20, 700);
  send_quietly({"CLIENT", "PAUSE", std::to_string(length.count()), draw(2) == 0 ? "ALL" : "WRITE"});
  std::this_thread::sleep_for(length + milliseconds{20});
  world_.end_fault(number);
}

void chaos::deny_scripts() {
  const std::size_t number = world_.begin_fault(fault::no_permission);
  send_quietly({"ACL", "SETUSER", "default", "-evalsha"});
  std::this_thread::sleep_for(draw_ms(20, 500));
  send_quietly({"ACL", "SETUSER", "default", "+evalsha"});
  world_.end_fault(number);
}

}  // namespace drover::campaign
