// SPDX-License-Identifier: MIT
#include "world/keys.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "world/pushes.hpp"

namespace drover::world {
namespace {

constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t string_max = std::int64_t{512} << 20U;

std::int64_t whole_ms(microseconds at) { return std::chrono::floor<milliseconds>(at).count(); }

stored_value* string_at(running& request, std::string_view key) {
  stored_value* const found = look_up(request, key);
  if (found != nullptr && found->is_hash) {
    throw error_reply{"WRONGTYPE Operation against a key holding the wrong kind of value"};
  }
  return found;
}

/// When a ttl of SET ends.
std::int64_t end_of_set(const running& request, std::string_view text, bool is_seconds) {
  const error_reply invalid{"ERR invalid expire time in 'set' command"};
  std::int64_t ttl = integer_in(text);
  if (ttl <= 0 || (is_seconds && ttl > integer_max / 1000)) throw invalid;
  if (is_seconds) ttl *= 1000;
  const std::int64_t base = whole_ms(request.at.ttl_base);
  if (ttl > integer_max - base) throw invalid;
  return base + ttl;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (std::to_string(number) != text) return std::nullopt;
  return number;
}

std::int64_t integer_in(std::string_view text, std::string_view error) {
  const auto number = parse_integer(text);
  if (!number) throw error_reply{std::string{error}};
  return *number;
}

stored_value* look_up(running& request, std::string_view key) {
  const auto found = request.keys().find(key);
  if (found == request.keys().end()) return nullptr;
  const auto& ends_ms = found->second.ends_ms;
  if (!ends_ms || whole_ms(request.at.started) <= *ends_ms) return &found->second;
  if (!request.server.state.is_replica) {
    request.keys().erase(found);
    tell_of_change(request.server, &request, key);
  }
  return nullptr;
}

std::optional<std::string> get(running& request, std::string_view key) {
  const stored_value* const found = string_at(request, key);
  if (found == nullptr) return std::nullopt;
  return found->bytes;
}

std::string get_range(running& request, std::string_view key, std::int64_t from, std::int64_t to) {
  const stored_value* const found = string_at(request, key);
  if (found == nullptr || found->bytes.empty()) return {};
  const auto size = static_cast<std::int64_t>(found->bytes.size());
  if (from < 0 && to < 0 && from > to) return {};
  if (from < 0) from = std::max<std::int64_t>(0, size + from);
  if (to < 0) to = std::max<std::int64_t>(0, size + to);
  to = std::min(to, size - 1);
  if (from > to) return {};
  return found->bytes.substr(static_cast<std::size_t>(from),
                             static_cast<std::size_t>(to - from + 1));
}

bool set(running& request, std::string_view key, std::string_view value, const set_options& with) {
  std::optional<std::int64_t> ends_ms;
  if (with.ttl_ms) ends_ms = end_of_set(request, *with.ttl_ms, false);
  if (with.ttl_s) ends_ms = end_of_set(request, *with.ttl_s, true);
  const stored_value* const found = look_up(request, key);
  if (with.condition == set_condition::if_missing && found != nullptr) return false;
  if (with.condition == set_condition::if_present && found == nullptr) return false;
  if (with.keeps_ttl && found != nullptr) ends_ms = found->ends_ms;
  request.keys().insert_or_assign(
      std::string{key},
      stored_value{
          .bytes = std::string{value}, .fields = {}, .is_hash = false, .ends_ms = ends_ms});
  tell_of_change(request.server, &request, key);
  return true;
}

std::int64_t set_range(running& request, std::string_view key, std::int64_t offset,
                       std::string_view value) {
  if (offset < 0) throw error_reply{"ERR offset is out of range"};
  stored_value* const found = string_at(request, key);
  if (value.empty()) return found == nullptr ? 0 : static_cast<std::int64_t>(found->bytes.size());
  if (offset > string_max - static_cast<std::int64_t>(value.size())) {
    throw error_reply{"ERR string exceeds maximum allowed size (proto-max-bulk-len)"};
  }
  std::string& bytes = found != nullptr ? found->bytes : request.keys()[std::string{key}].bytes;
  const auto at = static_cast<std::size_t>(offset);
  if (bytes.size() < at + value.size()) bytes.resize(at + value.size());
  bytes.replace(at, value.size(), value);
  const auto size = static_cast<std::int64_t>(bytes.size());
  tell_of_change(request.server, &request, key);
  return size;
}

bool remove(running& request, std::string_view key) {
  if (look_up(request, key) == nullptr) return false;
  request.keys().erase(request.keys().find(key));
  tell_of_change(request.server, &request, key);
  return true;
}

bool set_ttl(running& request, std::string_view key, std::string_view ttl_ms) {
  const std::int64_t ttl = integer_in(ttl_ms);
  const std::int64_t base = whole_ms(request.at.ttl_base);
  if (ttl > integer_max - base) {
    throw error_reply{"ERR invalid expire time in 'pexpire' command"};
  }
  stored_value* const found = look_up(request, key);
  if (found == nullptr) return false;
  if (ttl <= 0) return remove(request, key);
  found->ends_ms = base + ttl;
  tell_of_change(request.server, &request, key);
  return true;
}

}  // namespace drover::world
