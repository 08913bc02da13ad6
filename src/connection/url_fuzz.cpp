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
  for (const std::string scheme :
       {"redis", "rediss", "redis+sentinel", "redis+cluster", "rediss+cluster"}) {
    const auto read =
        drover::connection::parse_url(scheme + "://u:Zq7%23xW9@" + std::string{bytes});
    const std::string text = read ? drover::connection::describe(*read) : read.error().text;
    if (bytes.find("Zq7") == std::string_view::npos && text.find(secret) != std::string::npos) {
      std::abort();
    }
    if (!read) continue;
    // The scheme alone decides about TLS: nothing behind it can turn it off.
    if (read->tls != scheme.starts_with("rediss")) std::abort();
    const bool is_plain = !read->tls && read->sentinels.empty() && read->cluster_seeds.empty();
    if (drover::connection::parse_plain_url(text).has_value() != is_plain) std::abort();
    const auto again = drover::connection::parse_url(text);
    if (!again || again->host != read->host || again->port != read->port ||
        again->database != read->database || again->tls != read->tls ||
        again->sentinels != read->sentinels || again->service != read->service ||
        again->cluster_seeds != read->cluster_seeds) {
      std::abort();
    }
  }
  return 0;
}
