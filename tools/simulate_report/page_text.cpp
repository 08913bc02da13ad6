// SPDX-License-Identifier: MIT
#include "simulate_report/page_text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "cli/utf8.hpp"

namespace drover::simulate {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// Of a well-formed character: controls, and what turns the direction of the text around it.
bool is_unseen(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
  const auto second = static_cast<unsigned char>(character[1]);
  if (character.size() == 2) return first == 0xC2 && second < 0xA0;
  const auto third = static_cast<unsigned char>(character[2]);
  if (character.size() != 3 || first != 0xE2) return false;
  return (second == 0x80 && third >= 0xAA && third <= 0xAE) ||
         (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

std::string_view entity_of(char byte) {
  switch (byte) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

}  // namespace

std::string page_text(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(cli::utf8_length(text), 1);
    const std::string_view character = text.substr(0, length);
    const std::string_view entity = entity_of(text[0]);
    if (cli::utf8_length(text) == 0 || is_unseen(character)) {
      made += replacement;
    } else {
      made += entity.empty() ? character : entity;
    }
    text.remove_prefix(length);
  }
  return made;
}

std::string page_json(std::string_view json) {
  std::string made;
  for (const char byte : json) {
    if (byte == '<') {
      made += "\\u003c";
    } else if (byte == '>') {
      made += "\\u003e";
    } else if (byte == '&') {
      made += "\\u0026";
    } else {
      made += byte;
    }
  }
  return made;
}

std::string page_hash(std::string_view script) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(script.data(), script.size(), digest.data(), &length, EVP_sha256(), nullptr) !=
      1) {
    return "'none'";
  }
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
  const int written = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(length));
  return "'sha256-" + std::string{text.begin(), text.begin() + written} + "'";
}

}  // namespace drover::simulate
