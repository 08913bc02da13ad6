// SPDX-License-Identifier: MIT
#include "audit/engine/fault_book.hpp"

#include <algorithm>

namespace drover::audit {
namespace {

/// The proxy notes that it passed a request on after it has done so, and the fault may be earlier.
constexpr moment earlier_max = std::chrono::milliseconds{20};

bool is_late_only(std::string_view name) { return name == "delay" || name == "slice"; }

bool shifts_replies(std::string_view name) { return name == "drop" || name == "duplicate"; }

}  // namespace

void fault_book::add(const fault_injected& fault, std::uint32_t process) {
  is_empty_ = false;
  if (fault.kind == "push") return;
  if (is_late_only(fault.kind)) {
    if (delay_count_ < moments_max) {
      ++delay_count_;
      delays_[fault.connection].emplace_back(fault.at, fault.to);
    }
    return;
  }
  if (shifts_replies(fault.kind)) out_of_step_.try_emplace(fault.connection, fault.at);
  if (fault.connection == 0) downs_.emplace_back(fault.at, fault.to);
  if (fault.connection != 0) note(connections_[fault.connection], fault.at);
  if (process != 0) note(processes_[process], fault.at);
  if (!fault.key.empty()) touch_key(fault.key, fault.at);
}

void fault_book::add_outage(moment from, moment to) {
  is_empty_ = false;
  downs_.emplace_back(from, to);
}

void fault_book::touch_key(std::string_view key, moment at) {
  const auto position = keys_.find(key);
  note(position == keys_.end() ? keys_[std::string{key}] : position->second, at);
}

void fault_book::note(moments& list, moment at) {
  if (count_ == moments_max) {
    if (!full_at_) full_at_ = at;
    return;
  }
  ++count_;
  // Almost always at the end.
  list.insert(std::upper_bound(list.begin(), list.end(), at), at);
}

bool fault_book::has_one(const moments& list, moment from, moment to) {
  const auto first = std::lower_bound(list.begin(), list.end(), from - earlier_max);
  return first != list.end() && *first <= to;
}

bool fault_book::is_out_of_step(std::uint64_t connection, moment done) const {
  const auto position = out_of_step_.find(connection);
  return position != out_of_step_.end() && done >= position->second;
}

bool fault_book::touched_all(moment from, moment to) const {
  if (full_at_ && to >= *full_at_) return true;
  return std::any_of(downs_.begin(), downs_.end(), [&](const auto& down) {
    return down.first <= to && down.second >= from - earlier_max;
  });
}

bool fault_book::touched_key(std::string_view key, moment from, moment to) const {
  const auto position = keys_.find(key);
  return position != keys_.end() && has_one(position->second, from, to);
}

bool fault_book::touched_connection(std::uint64_t connection, moment from, moment to) const {
  const auto position = connections_.find(connection);
  return position != connections_.end() && has_one(position->second, from, to);
}

bool fault_book::touched_process(std::uint32_t process, moment from, moment to) const {
  const auto position = processes_.find(process);
  return position != processes_.end() && has_one(position->second, from, to);
}

moment fault_book::delay_of(std::uint64_t connection, moment from, moment to) const {
  const auto position = delays_.find(connection);
  moment sum{};
  if (position == delays_.end()) return sum;
  for (const auto& [begin, end] : position->second) {
    if (begin >= from - earlier_max && begin <= to) sum += end - begin;
  }
  return sum;
}

}  // namespace drover::audit
