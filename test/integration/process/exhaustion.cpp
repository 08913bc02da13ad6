// SPDX-License-Identifier: MIT
// Runs one scenario repeatedly. In each round another allocation fails: the first, the second, and
// so on, until no allocation is left. Every call must end, the process must not abort, and the next
// call must work. Prints the number of each round before it begins, and errors. Exits with 0 if
// there are no errors.
//
//   exhaustion <url> <cold|hit|invalidation|refresh|deadline|away>
#include <drover/cache.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <string_view>
#include <thread>

#include "support/thread_sanitized.hpp"

namespace {

// Allocations of all threads that still succeed; negative: no limit.
std::atomic<long> left_to_pass{-1};
std::atomic<bool> has_failed{false};

}  // namespace

#if !DROVER_THREAD_SANITIZED
namespace {

void* allocate(std::size_t size, std::size_t alignment) {
  if (left_to_pass.load(std::memory_order_relaxed) >= 0 && left_to_pass.fetch_sub(1) == 0) {
    has_failed = true;
    return nullptr;
  }
  if (alignment == 0) return std::malloc(size == 0 ? 1 : size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment = 0) {
  void* const at = allocate(size, alignment);
  if (at == nullptr) throw std::bad_alloc{};
  return at;
}

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 0); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}

// Not inlined: g++ 12 would see a free of what operator new returned.
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at, std::size_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete[](void* at, const std::nothrow_t&) noexcept {
  std::free(at);
}
[[gnu::noinline]] void operator delete(void* at, std::align_val_t) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t, std::align_val_t) noexcept {
  std::free(at);
}

#endif

namespace {

using namespace std::chrono_literals;
using text_cache = drover::cache<std::string>;

constexpr long rounds_max = 2000;

/// Waits until a refresh is stored, or for a moment after an allocation in it has failed, so that
/// it rarely overlaps with the next round. An overlap would only shift the count of allocations.
void wait_for_refresh(const text_cache& cached, std::uint64_t fills) {
  auto end = std::chrono::steady_clock::now() + 5s;
  bool is_failing = false;
  while (cached.stats().fills == fills && std::chrono::steady_clock::now() < end) {
    if (has_failed && !is_failing) end = std::chrono::steady_clock::now() + 20ms;
    is_failing = has_failed;
    std::this_thread::sleep_for(1ms);
  }
}

struct world {
  text_cache& cached;
  std::string key{};

  void warm() const { static_cast<void>(cached.get(key)); }
};

/// `prepare` runs before a round, with enough memory. `run` runs in the round.
struct scenario {
  std::function<void(world&)> prepare;
  std::function<void(world&)> run;
};

std::map<std::string, scenario> scenarios() {
  const auto nothing = [](world&) {};
  const auto warm = [](world& in) { in.warm(); };
  const auto get = [](world& in) { static_cast<void>(in.cached.get(in.key)); };
  return {
      {"cold", {nothing, get}},
      {"away", {nothing, get}},
      {"hit", {warm, get}},
      {"deadline",
       {nothing,
        [](world& in) {
          static_cast<void>(in.cached.get(in.key, drover::call_options::within(500ms)));
        }}},
      {"invalidation", {warm, [](world& in) { static_cast<void>(in.cached.invalidate(in.key)); }}},
      {"refresh",
       {warm,
        [](world& in) {
          const std::uint64_t fills = in.cached.stats().fills;
          in.cached.refresh(in.key);
          wait_for_refresh(in.cached, fills);
        }}},
  };
}

/// False when the next call does not work.
bool works_again(const world& in) {
  try {
    return in.cached.get(in.key) == in.key;
  } catch (const std::exception& thrown) {
    std::printf("the next call threw: %s\n", thrown.what());
    return false;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 4096);
  const scenario chosen = scenarios().at(arguments[2]);
  drover::policy plain;
  plain.ttl = std::chrono::minutes{1};
  plain.grace = std::chrono::minutes{1};
  plain.early_beta = 0;
  plain.failure_pause_max = 0ms;
  drover::client_options with;
  with.url = arguments[1];
  with.server_keeps_writes = true;  // otherwise nothing is fresh in the first second of the server
  const drover::client redis{with};
  text_cache cached{redis, {.name = arguments[2], .policy = plain}, [](std::string_view key) {
                      return std::string{key};
                    }};
  int wrong = 0;
  long round = 0;
  for (; round < rounds_max; ++round) {
    world in{cached, "key" + std::to_string(round)};
    std::printf("%s: allocation %ld\n", arguments[2], round);
    chosen.prepare(in);
    has_failed = false;
    left_to_pass = round;
    try {
      chosen.run(in);
    } catch (const std::bad_alloc&) {
    } catch (const drover::refused&) {
    } catch (const drover::load_failed&) {
    }
    left_to_pass = -1;
    if (!has_failed) break;
    if (!works_again(in)) {
      std::printf("%s: after allocation %ld failed, the next call does not work\n", arguments[2],
                  round);
      ++wrong;
    }
  }
  std::printf("%s: %ld allocations, %d wrong\n", arguments[2], round, wrong);
  return wrong == 0 && round < rounds_max ? 0 : 1;
}
