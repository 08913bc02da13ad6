// SPDX-License-Identifier: MIT
// Reads any text as a redirect: it must not crash, and what it accepts is a slot, a port and a host
// that mean the same when they are written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cluster/key_slot.hpp"
#include "cluster/redirect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drover;
  using kind = cluster::redirect_kind;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  static_cast<void>(cluster::slot_of(bytes));
  const auto read = cluster::read_redirect(bytes);
  if (!read || (read->kind != kind::moved && read->kind != kind::ask)) return 0;
  if (read->slot >= cluster::slot_count || read->to.port == 0) std::abort();
  const std::string again = (read->kind == kind::moved ? "MOVED " : "ASK ") +
                            std::to_string(read->slot) + ' ' + base::describe(read->to);
  if (cluster::read_redirect(again) != read) std::abort();
  if (cluster::target_of(*read, {"asked", 1}).host.empty()) std::abort();
  return 0;
}
