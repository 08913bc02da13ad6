// SPDX-License-Identifier: MIT
#include "campaign/origin_table.hpp"

#include <chrono>
#include <thread>

#include "history/record.hpp"

namespace drover::campaign {

origin_table::row& origin_table::of(std::uint32_t key) const noexcept {
  return data().rows[history::cache_of(key) % cache_count][(key & 0xFFFFU) % keys_max];
}

origin_place::origin_place(origin_table::contents& table) : table_{table} {
  const std::uint32_t most = table_.loads_at_once_max;
  if (most == 0) return;
  for (;;) {
    std::uint32_t now = table_.loads_running;
    if (now < most && table_.loads_running.compare_exchange_weak(now, now + 1)) break;
    std::this_thread::sleep_for(std::chrono::microseconds{500});
  }
  is_counted_ = true;
}

origin_place::~origin_place() {
  if (is_counted_) --table_.loads_running;
}

}  // namespace drover::campaign
