// SPDX-License-Identifier: MIT
#include "text/utf8.hpp"

namespace drover::text {
namespace {

struct lead_byte {
  // 0: the byte does not begin a character.
  std::size_t length = 0;
  // The range of the second byte. The range of all further bytes is 80..BF.
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

lead_byte lead_of(unsigned char first) {
  if (first < 0x80) return {.length = 1};
  if (first < 0xC2 || first > 0xF4) return {};
  if (first < 0xE0) return {.length = 2};
  if (first == 0xE0) return {.length = 3, .low = 0xA0};
  if (first == 0xED) return {.length = 3, .high = 0x9F};
  if (first < 0xF0) return {.length = 3};
  if (first == 0xF0) return {.length = 4, .low = 0x90};
  if (first == 0xF4) return {.length = 4, .high = 0x8F};
  return {.length = 4};
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const lead_byte lead = lead_of(static_cast<unsigned char>(text[0]));
  if (lead.length > text.size()) return 0;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned char low = i == 1 ? lead.low : 0x80;
    const unsigned char high = i == 1 ? lead.high : 0xBF;
    if (byte < low || byte > high) return 0;
  }
  return lead.length;
}

bool is_unseen(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  const auto in_range = [](unsigned char value, unsigned char least, unsigned char most) {
    return value >= least && value <= most;
  };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (character.size() == 2) {
    return (byte(0) == 0xC2 && byte(1) < 0xA0) || (byte(0) == 0xD8 && byte(1) == 0x9C);
  }
  if (character.size() != 3) return false;
  if (byte(0) == 0xEF) {
    return (byte(1) == 0xBB && byte(2) == 0xBF) || (byte(1) == 0xBF && byte(2) >= 0xBE);
  }
  if (byte(0) != 0xE2) return false;
  if (byte(1) == 0x80) return in_range(byte(2), 0x8B, 0x8F) || in_range(byte(2), 0xA8, 0xAE);
  return byte(1) == 0x81 && in_range(byte(2), 0xA0, 0xAF);
}

}  // namespace drover::text
