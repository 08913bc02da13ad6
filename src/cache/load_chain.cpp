// SPDX-License-Identifier: MIT
#include "cache/load_chain.hpp"

#include <stdexcept>
#include <string>

#include "base/printing.hpp"

namespace drover::detail {

namespace {

thread_local load_chain* innermost = nullptr;
constexpr std::size_t shown_key_size = 60;

}  // namespace

load_chain::load_chain(const void* cache, std::string_view name, std::string_view key) noexcept
    : cache_{cache}, name_{name}, key_{key}, outer_{innermost} {
  innermost = this;
}

load_chain::~load_chain() { innermost = outer_; }

void load_chain::refuse_recursion(const void* cache, std::string_view key) {
  for (const load_chain* at = innermost; at != nullptr; at = at->outer_) {
    if (at->cache_ != cache || at->key_ != key) continue;
    std::string chain;
    for (const load_chain* link = innermost; link != nullptr; link = link->outer_) {
      chain.insert(
          0, std::string{link->name_} + ":" + base::escape(link->key_, shown_key_size) + " -> ");
    }
    throw std::logic_error{"drover: a loader asks for the key that it is loading: " + chain +
                           std::string{at->name_} + ":" + base::escape(key, shown_key_size)};
  }
}

bool load_chain::is_inside_a_load() noexcept { return innermost != nullptr; }

const load_chain* load_chain::innermost_load() noexcept { return innermost; }

std::size_t load_chain::depth_in(const void* cache) noexcept {
  std::size_t depth = 0;
  for (const load_chain* at = innermost; at != nullptr; at = at->outer_) {
    if (at->cache_ == cache) ++depth;
  }
  return depth;
}

}  // namespace drover::detail
