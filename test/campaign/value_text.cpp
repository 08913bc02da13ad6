// SPDX-License-Identifier: MIT
#include "campaign/value_text.hpp"

#include <array>
#include <charconv>

namespace drover::campaign {

namespace {

constexpr std::uint32_t filler_min = 16;
constexpr std::uint32_t filler_span = 2000;

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

std::uint64_t checksum_of_text(std::string_view text) {
  std::uint64_t sum = 14695981039346656037U;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return mixed(sum);
}

void append_filler(std::string& text, const value_facts& facts) {
  std::uint64_t state =
      mixed((std::uint64_t{facts.key} << 32U) ^ facts.version ^ (facts.load_id << 17U));
  const std::uint64_t size = filler_min + state % filler_span;
  for (std::uint64_t i = 0; i < size; ++i) {
    if (i % 8 == 0) state = mixed(state + i + 1);
    text += static_cast<char>('a' + ((state >> (i % 8 * 8U)) & 15U));
  }
}

bool read_number(std::string_view& text, std::uint64_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string value_text(const value_facts& facts) {
  std::string text = std::to_string(facts.key) + " " + std::to_string(facts.version) + " " +
                     std::to_string(facts.load_id) + " ";
  append_filler(text, facts);
  const std::uint64_t sum = checksum_of_text(text);
  return text + " " + std::to_string(sum);
}

std::optional<value_facts> read_value_text(std::string_view text) {
  std::array<std::uint64_t, 3> numbers{};
  std::string_view rest = text;
  for (std::uint64_t& number : numbers) {
    if (!read_number(rest, number)) return std::nullopt;
  }
  const value_facts facts{static_cast<std::uint32_t>(numbers[0]),
                          static_cast<std::uint32_t>(numbers[1]), numbers[2]};
  // The filler and the checksum follow from the facts, so the whole text must be what they give.
  if (value_text(facts) != text) return std::nullopt;
  return facts;
}

}  // namespace drover::campaign
