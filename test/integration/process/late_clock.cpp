// SPDX-License-Identifier: MIT
// A process whose clock is an hour behind the server's. Its first readers all ask at once for an
// entry that has expired. Exits with 0 when none of them gets that entry.
//
//   late_clock <url> <name> <key> <the expired value>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <drover/cache.hpp>

#include <atomic>
#include <cstdio>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// std::chrono calls this function, not that of the C library.
extern "C" int clock_gettime(clockid_t of, struct timespec* into) noexcept {
  const auto failed = static_cast<int>(::syscall(SYS_clock_gettime, of, into));
  if (failed == 0 && of == CLOCK_REALTIME) into->tv_sec -= 3600;
  return failed;
}

int main(int count, char** arguments) {
  if (count != 5) return 2;
  constexpr unsigned readers = 64;
  const std::string key = arguments[3];
  drover::policy minute;
  minute.ttl = std::chrono::minutes{1};
  const drover::client redis{arguments[1]};
  drover::cache<std::string> cached{redis,
                                    {.name = arguments[2], .policy = minute},
                                    [](std::string_view) { return std::string{"new"}; }};
  std::atomic<unsigned> wrong{0};
  std::latch ready{readers};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < readers; ++i) {
    threads.emplace_back([&] {
      ready.arrive_and_wait();
      if (cached.get(key) == arguments[4]) ++wrong;
    });
  }
  for (std::thread& reader : threads) reader.join();
  std::printf("%u of %u readers were served an expired value\n", wrong.load(), readers);
  return wrong == 0 ? 0 : 1;
}
