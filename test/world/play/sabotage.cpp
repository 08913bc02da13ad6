// SPDX-License-Identifier: MIT
#include "world/play/sabotage.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "entry/envelope.hpp"
#include "world/play/program.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

bool wait_for_input(int number, int milliseconds_max) {
  pollfd watched{number, POLLIN, 0};
  const timespec limit{0, milliseconds_max * 1'000'000L};
  return ::ppoll(&watched, 1, &limit, nullptr) > 0;
}

/// One bulk reply, without its frame.
std::optional<std::string> receive_bulk(int number) {
  std::string received;
  for (;;) {
    const std::size_t line = received.find("\r\n");
    if (line != std::string::npos) {
      if (received.starts_with("$-1") || received.front() != '$') return std::nullopt;
      const std::size_t size = std::stoul(received.substr(1, line - 1));
      if (received.size() >= line + 2 + size + 2) return received.substr(line + 2, size);
    }
    if (!wait_for_input(number, 900)) return std::nullopt;
    std::array<char, 512> bytes{};
    const ssize_t got = ::recv(number, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got <= 0) return std::nullopt;
    received.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

std::optional<std::string> spoil(universe& in, row of, std::optional<std::string> value) {
  if (!value) return value;
  switch (in.planned.wrong) {
    case sabotage::mixes_keys: return value_text({of.cache, of.key + 1}, 0, 0);
    case sabotage::damages_values: value->back() = '?'; return value;
    case sabotage::invents_versions: {
      const auto read = parse_value(*value);
      return read ? value_text(of, read->version + 1000, read->load) : value;
    }
    default: return value;
  }
}

served spoil(sabotage wrong, served how) noexcept {
  switch (wrong) {
    case sabotage::claims_loads: return served::loaded;
    case sabotage::trusts_replicas: return served::fresh;
    case sabotage::claims_nothing: return how == served::loaded ? served::joined : how;
    default: return how;
  }
}

void misbehave_at_the_start(universe& in) {
  switch (in.planned.wrong) {
    case sabotage::leaks_memory: {
      // The compiler leaves out an allocation that nobody can see.
      void* volatile left = ::operator new(100);
      static_cast<void>(left);
      return;
    }
    case sabotage::leaks_descriptors: static_cast<void>(::eventfd(0, EFD_CLOEXEC)); return;
    case sabotage::never_ends: {
      std::mutex mutex;
      std::condition_variable never;
      std::unique_lock lock{mutex};
      never.wait(lock, [] { return false; });
      return;
    }
    case sabotage::closes_twice: {
      const int number = ::eventfd(0, EFD_CLOEXEC);
      ::close(number);
      ::close(number);
      return;
    }
    case sabotage::sends_unknown_commands:
      in.system.after(1ms, [&in] { in.redis.command("*1\r\n$4\r\nSAVE\r\n"); });
      return;
    case sabotage::breaks_connections: in.system.after(10ms, [&in] { in.net.reset(1); }); return;
    case sabotage::crashes: std::abort();
    case sabotage::remembers_schedules: {
      static unsigned schedules = 0;
      std::this_thread::sleep_for(microseconds{++schedules});
      return;
    }
    default: return;
  }
}

void misbehave_in_a_call(universe& in, row of) {
  switch (in.planned.wrong) {
    case sabotage::throws_errors: throw std::runtime_error{"the cache has a fault"};
    case sabotage::throws_foreign_failures: throw origin_failed{in.database.loads().size()};
    case sabotage::throws_false_failures: {
      const auto& loads = in.database.loads();
      const auto first = std::ranges::find(loads, of, &load_record::of);
      if (first != loads.end())
        throw origin_failed{static_cast<std::size_t>(first - loads.begin())};
      return;
    }
    case sabotage::fails_for_no_reason: throw load_failed{load_failed::reason::threw, 1, {}};
    case sabotage::times_out_late:
      std::this_thread::sleep_for(990ms);
      throw refused{refused::reason::timed_out};
    case sabotage::times_out_early: throw refused{refused::reason::timed_out};
    case sabotage::fails_with_noise: throw load_failed{load_failed::reason::threw, 1, {}, "no\n"};
    case sabotage::repeats_failures:
      for (std::size_t i = 0; i < in.database.loads().size(); ++i) {
        if (in.database.load(i).of == of && in.database.load(i).has_failed) throw origin_failed{i};
      }
      return;
    case sabotage::refuses_for_no_reason: throw refused{refused::reason::saturated};
    case sabotage::spins:
      for (int i = 0; i < 10'000; ++i) static_cast<void>(std::chrono::steady_clock::now());
      return;
    case sabotage::never_rests:
      for (;;) std::this_thread::sleep_for(1us);
    case sabotage::loops:
      for (volatile bool goes_on = true; goes_on;) {
      }
      return;
    default: return;
  }
}

drover::policy spoil(const plan& planned) {
  drover::policy spoiled = planned.policy;
  switch (planned.wrong) {
    case sabotage::keeps_too_long: spoiled.ttl *= 100; break;
    case sabotage::stores_late: spoiled.load_max *= 10; break;
    case sabotage::loads_freely: spoiled.bypass_max *= 100; break;
    default: break;
  }
  return spoiled;
}

std::optional<std::string> stored_bytes(universe& in, row of) {
  const stored_value* const found = in.redis.model().find(value_key(of));
  return found == nullptr ? std::nullopt : std::optional{found->bytes};
}

std::optional<std::string> stored_payload(universe& in, row of) {
  const auto bytes = stored_bytes(in, of);
  if (!bytes || bytes->size() <= entry::envelope_size) return std::nullopt;
  return bytes->substr(entry::envelope_size);
}

void store_unfenced(universe& in, row of, const std::string& bytes) {
  const arena::on_account_of account{arena::harness};
  in.redis.command("*3\r\n" + bulk("SET") + bulk(value_key(of)) + bulk(bytes));
}

std::optional<std::string> read_out_of_place(universe&, row given_up, row wanted) {
  const int number = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  static_cast<void>(::connect(number, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  pollfd connected{number, POLLOUT, 0};
  const timespec limit{1, 0};
  ::ppoll(&connected, 1, &limit, nullptr);
  const auto ask = [number](row of) {
    const std::string request = "*2\r\n" + bulk("GET") + bulk(value_key(of));
    static_cast<void>(::send(number, request.data(), request.size(), MSG_NOSIGNAL));
  };
  // The first call is cancelled before its reply has come. The connection is used again.
  ask(given_up);
  ask(wanted);
  const auto stored = receive_bulk(number);
  ::close(number);
  if (!stored || stored->size() < entry::envelope_size) return std::nullopt;
  return stored->substr(entry::envelope_size);
}

}  // namespace drover::world
