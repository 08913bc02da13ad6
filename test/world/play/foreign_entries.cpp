// SPDX-License-Identifier: MIT
#include "world/play/foreign_entries.hpp"

#include <chrono>
#include <string>

#include "entry/envelope.hpp"
#include "resp/writer.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t long_size = 20'000;
constexpr std::size_t noise_size = 3000;
constexpr virtual_time damage_every = 300us;
constexpr std::string_view an_hour = "3600000";
// After this time the key is free again.
constexpr std::string_view a_while = "400";

entry::envelope head_of(universe& in, row of) {
  entry::envelope head;
  head.stored_at = server_time{std::chrono::duration_cast<milliseconds>(in.redis.clock())};
  head.until = head.stored_at + 1h;
  for (char& byte : head.produced_by.bytes) byte = static_cast<char>(1 + in.system.draw(255));
  head.digest = entry::digest_of(of.cache == 0 ? "a" : "b", 1, key_text(of.key));
  return head;
}

void store(universe& in, row of, const entry::envelope& head, std::string_view payload,
           std::string_view ttl_ms) {
  if (!in.redis.is_up() || in.redis.is_frozen()) return;
  std::string request;
  resp::write_command(request, {"SET", value_key(of), entry::encode(head, payload), "PX", ttl_ms});
  in.redis.command(request);
  in.net.collect_output();
}

}  // namespace

row row_of(const universe& in, const planned_fault& fault) {
  return {static_cast<unsigned>(fault.amount % cache_count),
          static_cast<unsigned>(fault.amount / cache_count % in.planned.keys)};
}

void store_long_entry(universe& in, row of) {
  entry::envelope head = head_of(in, of);
  const std::string payload = std::string{foreign_value} + std::string(long_size, 'x');
  head.checksum = entry::checksum_of(payload, head.digest);
  store(in, of, head, payload, a_while);
}

void store_failed_entry(universe& in, row of) {
  entry::envelope head = head_of(in, of);
  head.kind = entry::kind::failed;
  head.attempts = 3;
  const std::string payload = "no\n\x1b[2J" + std::string(noise_size, '\x01');
  head.checksum = entry::checksum_of(payload, head.digest);
  in.foreign_failures[of] = in.system.now();
  store(in, of, head, payload, an_hour);
}

void keep_damaged(universe& in, row of, virtual_time end) {
  entry::envelope head = head_of(in, of);
  const std::string payload = std::string{foreign_value} + std::to_string(in.system.draw(1000));
  head.checksum = entry::checksum_of(payload, head.digest) ^ 1U;
  store(in, of, head, payload, a_while);
  if (in.system.now() + damage_every >= end) return;
  in.system.after(damage_every, [&in, of, end] { keep_damaged(in, of, end); });
}

}  // namespace drover::world
