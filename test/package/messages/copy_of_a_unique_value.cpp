// SPDX-License-Identifier: MIT
// says: this type cannot be copied. Use get_shared
#include <drover/cache.hpp>

using namespace std::chrono_literals;

struct page {
  std::unique_ptr<int> number;
};
template <>
struct drover::codec<page> {
  static std::string encode(const page&) { return {}; }
  static drover::result<page> decode(std::string_view) { return page{}; }
};

int main() {
  drover::client redis{"redis://127.0.0.1"};
  drover::cache<page> pages{
      redis, {.name = "page", .policy = {.ttl = 60s}}, [](std::string_view) { return page{}; }};
  return pages.get("1") ? 0 : 1;
}
