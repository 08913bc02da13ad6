// SPDX-License-Identifier: MIT
// Any bytes must be decoded without harm as JSON, MessagePack and compressed values, and what was
// decoded must come back. The first byte chooses the codec. A codec whose package is missing is
// left out.
#include <drover/codecs/json.hpp>

#include <sanitizer/allocator_interface.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#if __has_include(<msgpack.hpp>)
#include <drover/codecs/msgpack.hpp>
#endif
#if __has_include(<zstd.h>)
#include <drover/codecs/zstd.hpp>
#endif

namespace {

using namespace drover;

using value = std::tuple<int, std::string, std::map<std::string, std::vector<bool>>>;

/// nlohmann-json converts numbers without a check of their range, so this has no integer.
using json_value = std::tuple<double, std::string, std::map<std::string, std::vector<bool>>>;

std::size_t allocated = 0;
void count_allocation(const volatile void*, std::size_t size) { allocated += size; }
void ignore_release(const volatile void*) {}

void demand(bool condition) {
  if (!condition) std::abort();
}

template <class T, class Codec>
void read(std::string_view bytes, std::size_t allocated_max) {
  allocated = 0;
  const result<T> known = Codec::decode(bytes);
  demand(allocated <= allocated_max);
  if (!known) return;
  const std::string again = Codec::encode(*known);
  const result<T> second = Codec::decode(again);
  demand(second.has_value() && Codec::encode(*second) == again);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  demand(__sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_release) != 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t few = 65536 + size * 1000;
  switch (data[0] % 4) {
    case 0: read<nlohmann::json, codec<nlohmann::json>>(bytes, few); break;
    case 1: read<json_value, json_codec<json_value>>(bytes, few); break;
#ifdef MSGPACK_VERSION_MAJOR
    case 2: read<value, msgpack_codec<value>>(bytes, few); break;
#endif
#ifdef ZSTD_VERSION_MAJOR
    case 3: {
      constexpr zstd_options limited{.threshold = 8, .decoded_max = 1 << 20};
      constexpr std::size_t context_and_value = (1 << 20) + 400'000;
      read<std::string, zstd_codec<std::string, codec<std::string>, limited>>(
          bytes, few + context_and_value);
      break;
    }
#endif
    default: break;
  }
  return 0;
}
