// SPDX-License-Identifier: MIT
#include "world/play/sabotage.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <mutex>

#include "entry/envelope.hpp"
#include "entry/keys.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

std::string value_key(row of) {
  return entry::key_space{of.cache == 0 ? "a" : "b", 1}.value_key(key_text(of.key));
}

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
    default: return value;
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
    default: return;
  }
}

std::optional<std::string> stored_bytes(universe& in, row of) {
  const stored_value* const found = in.redis.model().find(value_key(of));
  return found == nullptr ? std::nullopt : std::optional{found->bytes};
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
