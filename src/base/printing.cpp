// SPDX-License-Identifier: MIT
#include "base/printing.hpp"

namespace drover::base {
namespace {

constexpr std::string_view cut_mark = "...";
constexpr std::string_view hex = "0123456789abcdef";

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\\': out += "\\\\"; return;
    case '"': out += "\\\""; return;
    default: break;
  }
  if (byte >= 0x20 && byte < 0x7F) {
    out += c;
    return;
  }
  out += "\\x";
  out += hex[byte >> 4U];
  out += hex[byte & 0x0FU];
}

/// Calls `append` for each byte until the result has `max` bytes.
template <class Append>
std::string append_each(std::string_view bytes, std::size_t max, Append append) {
  std::string out;
  // The length of the longest prefix of `out` that fits before "..." and ends with a whole escape.
  std::size_t fits = 0;
  for (const char c : bytes) {
    append(out, c);
    if (out.size() + cut_mark.size() <= max) fits = out.size();
    if (out.size() > max) {
      out.resize(fits);
      out += cut_mark.substr(0, max);
      return out;
    }
  }
  return out;
}

}  // namespace

std::string escape(std::string_view bytes, std::size_t max) {
  return append_each(bytes, max, append_escaped);
}

std::string printable(std::string_view bytes, std::size_t max) {
  return append_each(bytes, max, [](std::string& out, char c) {
    if (c == '\\' || c == '"') {
      out += c;
    } else {
      append_escaped(out, c);
    }
  });
}

}  // namespace drover::base
