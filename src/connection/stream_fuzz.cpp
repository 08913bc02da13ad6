// SPDX-License-Identifier: MIT
// The bytes of the input choose the steps: appended requests, sliced replies, pushes, errors,
// abandoned requests. Each request must find its own number in its reply. The same bytes as the
// reply of a server must not cause a crash.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "connection/stream_world_for_test.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  const auto choose = [&](std::size_t below) -> std::size_t {
    if (at >= size || below == 0) return 0;
    return data[at++] % below;
  };
  const std::string wrong = drover::connection::stream_world{}.run(size / 2, choose);
  if (!wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
  }
  struct waiting : drover::connection::slot {};
  waiting place;
  drover::resp::message replies[3];
  place.replies = replies;
  drover::connection::stream hostile{drover::connection::stream_limits{.reply_max = 1U << 16U}};
  static_cast<void>(hostile.append("x", place).has_value());
  drover::connection::arrivals came;
  static_cast<void>(hostile.take_in({reinterpret_cast<const char*>(data), size}, came));
  return 0;
}
