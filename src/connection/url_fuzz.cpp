// SPDX-License-Identifier: MIT
// Parses any bytes as a URL: it must not crash, and no secret may appear in a description or a
// fault.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connection/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  static_cast<void>(drover::connection::parse_url(bytes));
  // A password that is part of no message of the library.
  const std::string secret = "Zq7#" + std::string{"xW9"};
  const std::string url = "redis://u:Zq7%23xW9@" + std::string{bytes};
  const auto read = drover::connection::parse_url(url);
  const std::string text = read ? drover::connection::describe(*read) : read.error().text;
  if (bytes.find("Zq7") == std::string_view::npos && text.find(secret) != std::string::npos) {
    std::abort();
  }
  if (!read) return 0;
  const auto again = drover::connection::parse_url(drover::connection::describe(*read));
  if (!again || again->host != read->host || again->port != read->port ||
      again->database != read->database) {
    std::abort();
  }
  return 0;
}
