// SPDX-License-Identifier: MIT
// Any bytes must be decoded without harm and with little memory, and what was decoded must come
// back. The first byte of the input chooses the type. Seeds: test/corpus/values.
#include <drover/key.hpp>

#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "values/order_for_test.hpp"

namespace {

using namespace drover;

/// Bytes allocated since it was set to 0.
std::size_t allocated = 0;
void count_allocation(const volatile void*, std::size_t size) { allocated += size; }
void ignore_release(const volatile void*) {}

void demand(bool condition) {
  if (!condition) std::abort();
}

template <class T>
void read(std::string_view body) {
  std::string bytes;
  detail::append_number(bytes, schema_of<T>);
  bytes += body;
  allocated = 0;
  const result<T> value = codec<T>::decode(bytes);
  // The largest growth is that of a vector of optional lines, of one byte each.
  demand(allocated <= 4096 + bytes.size() * 400);
  if (!value) return;
  const std::string again = codec<T>::encode(*value);
  demand(again.size() == bytes.size());
  const result<T> second = codec<T>::decode(again);
  demand(second.has_value());
  // An unordered set may have another order.
  std::string sorted = codec<T>::encode(*second);
  std::string expected = again;
  std::sort(sorted.begin(), sorted.end());
  std::sort(expected.begin(), expected.end());
  demand(sorted == expected);
}

void read_key(std::string_view text) {
  using parts = std::tuple<std::string, std::optional<int>, std::pair<char, std::string>>;
  const auto known = split_key<parts>(text);
  demand(!known || key(std::get<0>(*known)) == text);
  const std::string bytes{text};
  demand(split_key<std::string>(key(bytes)) == std::tuple{bytes});
  demand((split_key<std::string, std::string>(key(bytes, "")) == std::tuple{bytes, std::string{}}));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  demand(__sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_release) != 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 6) {
    case 0: read<test::order>(body); break;
    case 1: read<test::line>(body); break;
    case 2: read<std::vector<std::optional<test::line>>>(body); break;
    case 3:
      read<std::variant<std::map<std::string, double>, std::vector<std::string>>>(body);
      break;
    case 4: read_key(body); break;
    default:
      static_cast<void>(codec<test::order>::decode(body));
      static_cast<void>(codec<double>::decode(body));
  }
  return 0;
}
