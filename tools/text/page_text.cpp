// SPDX-License-Identifier: MIT
#include "text/page_text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "text/utf8.hpp"

namespace drover::text {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

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

std::string html_escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
    const std::string_view character = text.substr(0, length);
    const std::string_view entity = entity_of(text[0]);
    if (utf8_length(text) == 0 || (is_unseen(character) && text[0] != '\n' && text[0] != '\t')) {
      result += replacement;
    } else {
      result += entity.empty() ? character : entity;
    }
    text.remove_prefix(length);
  }
  return result;
}

std::string html_element(std::string_view tag, std::string_view attributes, std::string_view text) {
  const std::string name{tag};
  return '<' + name + (attributes.empty() ? "" : " ") + std::string{attributes} + '>' +
         html_escaped(text) + "</" + name + ">\n";
}

std::string safe_json(std::string_view json) {
  std::string result;
  for (const char byte : json) {
    if (byte == '<') {
      result += "\\u003c";
    } else if (byte == '>') {
      result += "\\u003e";
    } else if (byte == '&') {
      result += "\\u0026";
    } else {
      result += byte;
    }
  }
  return result;
}

std::string script_hash(std::string_view script) {
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

}  // namespace drover::text
