// SPDX-License-Identifier: MIT
#include "campaign/record_file.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

namespace drover::campaign {

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds{1});
}

record_file::record_file(const std::string& path, std::uint32_t process)
    : process_{process}, file_{path, header_size + records_max * sizeof(history::record)} {}

history::record* record_file::begin(history::record fields) {
  const std::uint64_t at = used().fetch_add(1);
  if (at >= records_max) return nullptr;
  auto* const all =
      reinterpret_cast<history::record*>(static_cast<char*>(file_.data()) + header_size);
  history::record& slot = all[at];
  const auto done = std::exchange(fields.action, history::action::nothing);
  fields.process = process_;
  fields.begin_ns = now_ns();
  slot = fields;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // the process may be killed in between
  slot.action = done;
  return &slot;
}

void record_file::end(history::record* begun, history::outcome how) {
  if (begun == nullptr) return;
  begun->outcome = how;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  begun->end_ns = now_ns();
}

std::vector<history::record> record_file::read(const std::string& path) {
  std::vector<history::record> all;
  std::ifstream in{path, std::ios::binary};
  char header[header_size];
  if (!in.read(header, sizeof header)) return all;
  std::uint64_t used = 0;
  std::memcpy(&used, header, sizeof used);
  all.resize(std::min(used, records_max));
  in.read(reinterpret_cast<char*>(all.data()),
          static_cast<std::streamsize>(all.size() * sizeof(history::record)));
  std::erase_if(all,
                [](const history::record& one) { return one.action == history::action::nothing; });
  return all;
}

}  // namespace drover::campaign
