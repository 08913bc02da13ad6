// SPDX-License-Identifier: MIT
#include "world/system/fiber.hpp"

#include <cxxabi.h>
#include <link.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace drover::world {
namespace {

constexpr std::size_t stack_size = std::size_t{256} << 10U;
constexpr std::size_t guard_size = 4096;
constexpr std::size_t exception_globals_size = 16;

[[noreturn]] void fail(const char* why) noexcept {
  std::fprintf(stderr, "drover-world: %s\n", why);
  std::abort();
}

// The thread-local variables of the main program. It outlives the memory of a schedule.
struct tls_block {
  static constexpr std::size_t size_max = 4096;

  char* memory = nullptr;
  std::size_t size = 0;
  std::array<char, size_max> initial{};
};

int find_tls(dl_phdr_info* module, std::size_t, void* into) {
  auto& found = *static_cast<tls_block*>(into);
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const auto& header = module->dlpi_phdr[i];
    if (header.p_type != PT_TLS || module->dlpi_tls_data == nullptr) continue;
    found.memory = static_cast<char*>(module->dlpi_tls_data);
    found.size = header.p_memsz;
    if (found.size > tls_block::size_max) fail("too many thread-local variables");
    const auto* const image = reinterpret_cast<const char*>(module->dlpi_addr + header.p_vaddr);
    std::memcpy(found.initial.data(), image, header.p_filesz);
  }
  return 1;  // the main program comes first, and is the only one that matters
}

const tls_block& thread_locals() {
  static const tls_block found = [] {
    tls_block block;
    ::dl_iterate_phdr(&find_tls, &block);
    return block;
  }();
  return found;
}

std::jmp_buf harness;
fiber* starting = nullptr;

}  // namespace

struct fiber::stack {
  char* memory;
  stack* next;
};

// What a thread has besides its stack.
struct fiber::locals {
  locals() : variables{std::make_unique<char[]>(thread_locals().size)} {
    std::memcpy(variables.get(), thread_locals().initial.data(), thread_locals().size);
  }
  void swap_with_running() noexcept {
    const tls_block& block = thread_locals();
    std::array<char, tls_block::size_max> before;  // copied as a whole: each switch comes here
    std::memcpy(before.data(), block.memory, block.size);
    std::memcpy(block.memory, variables.get(), block.size);
    std::memcpy(variables.get(), before.data(), block.size);
    char* const globals = reinterpret_cast<char*>(abi::__cxa_get_globals());
    for (std::size_t i = 0; i < exception_globals_size; ++i) std::swap(globals[i], exceptions[i]);
    const int running_error = errno;
    errno = error;
    error = running_error;
  }

  std::unique_ptr<char[]> variables;
  char exceptions[exception_globals_size]{};
  int error = 0;
};

namespace {

// Stacks are used again: mapping one takes longer than a short schedule. They are not freed.
fiber::stack* free_stacks = nullptr;

fiber::stack* take_stack() {
  if (free_stacks != nullptr) return std::exchange(free_stacks, free_stacks->next);
  void* const mapped = ::mmap(nullptr, guard_size + stack_size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) fail("no memory for the stack of a simulated thread");
  ::mprotect(mapped, guard_size, PROT_NONE);
  auto* const added = static_cast<fiber::stack*>(std::malloc(sizeof(fiber::stack)));
  added->memory = static_cast<char*>(mapped) + guard_size;
  return added;
}

void return_stack(fiber::stack* returned) noexcept {
  returned->next = free_stacks;
  free_stacks = returned;
}

}  // namespace

fiber::fiber(std::function<void()> body)
    : body_{std::move(body)}, stack_{take_stack()}, locals_{std::make_unique<locals>()} {}

fiber::~fiber() { return_stack(stack_); }

void fiber::begin() noexcept {
  fiber& self = *starting;
  self.body_();
  self.has_ended_ = true;
  std::longjmp(harness, 1);
}

void fiber::enter() noexcept {
  locals_->swap_with_running();
  if (_setjmp(harness) == 0) {
    if (has_begun_) std::longjmp(here_, 1);
    has_begun_ = true;
    starting = this;
    ucontext_t context;
    ::getcontext(&context);
    context.uc_stack.ss_sp = stack_->memory;
    context.uc_stack.ss_size = stack_size;
    context.uc_link = nullptr;
    ::makecontext(&context, &fiber::begin, 0);
    ::setcontext(&context);
  }
  locals_->swap_with_running();
}

void fiber::leave() noexcept {
  if (_setjmp(here_) == 0) std::longjmp(harness, 1);
}

}  // namespace drover::world
