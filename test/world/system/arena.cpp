// SPDX-License-Identifier: MIT
#include "world/system/arena.hpp"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

namespace drover::world::arena {
namespace {

// Far away from where the system places libraries, stacks and the heap.
constexpr std::uintptr_t region_begin = 0x7000'0000'0000 / 16;
constexpr std::size_t region_size = std::size_t{1} << 30U;
constexpr std::size_t smallest_block = 32;
constexpr std::size_t class_count = 26;

struct block {
  std::uint32_t size_class;
  owner_number owner;
  block* next;  // of the free list; in a block in use: 1, so that a double free is noticed
};
static_assert(sizeof(block) == 16);

struct region {
  char* memory = nullptr;
  std::size_t used = 0;
  bool is_active = false;
  owner_number owner = harness;
  std::array<block*, class_count> free{};
  std::array<std::int64_t, owners_max> blocks{};
};

region all;

block* in_use() noexcept { return reinterpret_cast<block*>(std::uintptr_t{1}); }

[[noreturn]] void fail(const char* why) noexcept {
  std::fprintf(stderr, "drover-world: %s\n", why);
  std::abort();
}

std::size_t class_of(std::size_t size) noexcept {
  if (size <= smallest_block) return 0;
  return static_cast<std::size_t>(std::bit_width(size - 1)) -
         static_cast<std::size_t>(std::bit_width(smallest_block - 1));
}

bool owns(const void* at) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  return address >= region_begin && address < region_begin + region_size;
}

void* take(std::size_t size) noexcept {
  const std::size_t wanted_class = class_of(size);
  if (wanted_class >= class_count) fail("one block of a schedule is too large");
  block*& head = all.free[wanted_class];
  block* taken = head;
  if (taken != nullptr) {
    head = taken->next;
  } else {
    const std::size_t needed = sizeof(block) + (smallest_block << wanted_class);
    if (all.used + needed > region_size) fail("a schedule needs more than 1 GiB of memory");
    taken = reinterpret_cast<block*>(all.memory + all.used);
    all.used += needed;
    taken->size_class = static_cast<std::uint32_t>(wanted_class);
  }
  taken->owner = all.owner;
  taken->next = in_use();
  ++all.blocks[all.owner];
  // Nothing may depend on what an earlier schedule has left.
  std::memset(static_cast<void*>(taken + 1), 0xCD, size);
  return taken + 1;
}

void give_back(void* at) noexcept {
  block* const returned = static_cast<block*>(at) - 1;
  if (returned->next != in_use()) fail("a block of memory was freed twice");
  --all.blocks[returned->owner];
  std::memset(at, 0xDD, smallest_block << returned->size_class);
  returned->next = all.free[returned->size_class];
  all.free[returned->size_class] = returned;
}

}  // namespace

void begin() noexcept {
  if (all.memory == nullptr) {
    void* const mapped =
        ::mmap(reinterpret_cast<void*>(region_begin), region_size, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped == MAP_FAILED) fail("the memory for schedules could not be mapped");
    all.memory = static_cast<char*>(mapped);
  }
  all.used = 0;
  all.free = {};
  all.blocks = {};
  all.owner = harness;
  all.is_active = true;
}

void end() noexcept { all.is_active = false; }

owner_number set_owner(owner_number owner) noexcept {
  const owner_number before = all.owner;
  all.owner = owner;
  return before;
}

std::int64_t blocks_of(owner_number owner) noexcept { return all.blocks[owner]; }

void print_blocks_of(owner_number owner, std::FILE* out) noexcept {
  for (std::size_t at = 0; at < all.used;) {
    const auto* const here = reinterpret_cast<const block*>(all.memory + at);
    const std::size_t size = smallest_block << here->size_class;
    if (here->owner == owner && here->next == in_use())
      std::fprintf(out, "  a block of at most %zu bytes at offset %zu\n", size, at);
    at += sizeof(block) + size;
  }
}

}  // namespace drover::world::arena

namespace {

void* allocate(std::size_t size) {
  if (drover::world::arena::all.is_active) return drover::world::arena::take(size);
  void* const taken = std::malloc(size == 0 ? 1 : size);
  if (taken == nullptr) throw std::bad_alloc{};
  return taken;
}

// No type of this project needs more than the 16 bytes that every block has, except a few that are
// aligned to a cache line, for speed only.
void* allocate_aligned(std::size_t size, std::align_val_t align) {
  if (drover::world::arena::all.is_active) return drover::world::arena::take(size);
  void* const taken = std::aligned_alloc(
      static_cast<std::size_t>(align),
      (size + static_cast<std::size_t>(align) - 1) & ~(static_cast<std::size_t>(align) - 1));
  if (taken == nullptr) throw std::bad_alloc{};
  return taken;
}

void release(void* at) noexcept {
  if (at == nullptr) return;
  if (drover::world::arena::owns(at)) {
    drover::world::arena::give_back(at);
  } else {
    std::free(at);
  }
}

void* allocate_or_null(std::size_t size) noexcept {
  try {
    return allocate(size);
  } catch (...) {
    return nullptr;
  }
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate_or_null(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocate_or_null(size);
}
void* operator new(std::size_t size, std::align_val_t align) {
  return allocate_aligned(size, align);
}
void* operator new[](std::size_t size, std::align_val_t align) {
  return allocate_aligned(size, align);
}
void operator delete(void* at) noexcept { release(at); }
void operator delete[](void* at) noexcept { release(at); }
void operator delete(void* at, std::size_t) noexcept { release(at); }
void operator delete[](void* at, std::size_t) noexcept { release(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { release(at); }
void operator delete[](void* at, const std::nothrow_t&) noexcept { release(at); }
void operator delete(void* at, std::align_val_t) noexcept { release(at); }
void operator delete[](void* at, std::align_val_t) noexcept { release(at); }
void operator delete(void* at, std::size_t, std::align_val_t) noexcept { release(at); }
void operator delete[](void* at, std::size_t, std::align_val_t) noexcept { release(at); }
