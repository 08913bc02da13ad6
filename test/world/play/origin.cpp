// SPDX-License-Identifier: MIT
#include "world/play/origin.hpp"

#include <algorithm>
#include <charconv>

#include "entry/keys.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

// A request that was sent on a blocked path to a frozen server arrives within this time.
constexpr virtual_time after_the_end{std::chrono::seconds{4}};

}  // namespace

std::string key_text(unsigned key) { return "k" + std::to_string(key); }

std::string name_of(row named) { return (named.cache == 0 ? "a:" : "b:") + key_text(named.key); }

std::string value_key(row of) {
  return entry::key_space{of.cache == 0 ? "a" : "b", 1}.value_key(key_text(of.key));
}

// The filler depends on all of the rest, so a mixture of two values is none.
std::string value_text(row of, std::uint32_t version, std::size_t load) {
  std::string text = std::to_string(of.cache) + ' ' + std::to_string(of.key) + ' ' +
                     std::to_string(version) + ' ' + std::to_string(load) + ' ';
  text.append(8 + load % 90, static_cast<char>('A' + (version * 7 + load + of.key) % 26));
  return text;
}

std::optional<parsed_value> parse_value(std::string_view text) {
  std::array<std::uint64_t, 4> numbers{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (std::uint64_t& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || next == end || *next != ' ') return std::nullopt;
    at = next + 1;
  }
  const parsed_value read{{static_cast<unsigned>(numbers[0]), static_cast<unsigned>(numbers[1])},
                          static_cast<std::uint32_t>(numbers[2]),
                          static_cast<std::size_t>(numbers[3])};
  if (value_text(read.of, read.version, read.load) != text) return std::nullopt;
  return read;
}

std::uint32_t origin::write(row changed) {
  const arena::on_account_of account{arena::harness};
  return ++versions_[changed];
}

std::uint32_t origin::version(row of) const {
  const auto found = versions_.find(of);
  return found == versions_.end() ? 0 : found->second;
}

bool origin::has_row(row of, std::uint32_t version) const noexcept {
  return (version * 37 + of.key * 11 + 53) % 100 >= absent_percent_;
}

std::size_t origin::begin_load(row of, unsigned process, virtual_time now) {
  const arena::on_account_of account{arena::harness};
  loads_.push_back({.of = of, .process = process, .begin = now, .end = {}, .granted = now});
  return loads_.size() - 1;
}

void origin::process_ended(unsigned process, virtual_time now) {
  for (load_record& load : loads_) {
    if (load.process == process && !load.end) load.end = now;
  }
  // What it has sent may still arrive.
  for (auto& [of, counted] : changes_) {
    if (counted.running.erase(process) > 0)
      counted.last_end = std::max<virtual_time>(counted.last_end, now + after_the_end);
  }
}

bool origin::has_failed_load(row of, virtual_time since) const noexcept {
  return std::ranges::any_of(loads_, [&](const load_record& load) {
    return load.of == of && load.has_failed && load.end && *load.end >= since;
  });
}

void origin::acknowledge(row invalidated, std::uint32_t version) {
  const arena::on_account_of account{arena::harness};
  std::uint32_t& floor = floors_[invalidated];
  floor = std::max(floor, version);
}

std::uint32_t origin::floor(row of) const {
  const auto found = floors_.find(of);
  return found == floors_.end() ? 0 : found->second;
}

void origin::begin_change(row of, unsigned process) {
  const arena::on_account_of account{arena::harness};
  ++changes_[of].running[process];
}

void origin::end_change(row of, unsigned process, virtual_time now) {
  changes& counted = changes_.at(of);
  if (--counted.running.at(process) == 0) counted.running.erase(process);
  counted.last_end = std::max(counted.last_end, now);
}

bool origin::has_changed(row of, virtual_time since) const {
  const auto found = changes_.find(of);
  return found != changes_.end() &&
         (!found->second.running.empty() || found->second.last_end >= since);
}

}  // namespace drover::world
