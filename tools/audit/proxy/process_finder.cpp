// SPDX-License-Identifier: MIT
#include "audit/proxy/process_finder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "audit/proxy/tcp_table.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t recent_max = 16;

std::string file_text(const std::string& path) {
  std::string out;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return out;
  std::array<char, 65536> buffer{};
  for (ssize_t size = 0; (size = ::read(file, buffer.data(), buffer.size())) > 0;) {
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(file);
  return out;
}

std::string program_name(pid_t pid) {
  std::string out = file_text("/proc/" + std::to_string(pid) + "/comm");
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

template <class Visit>
void for_each_entry(const std::string& folder, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(folder.c_str()), ::closedir};
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (!visit(std::string_view{entry->d_name}, ::dirfd(directory.get()))) return;
  }
}

template <class Number>
std::optional<Number> number(std::string_view text) noexcept {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// The inode of the socket that a descriptor links to, such as 1613 in "socket:[1613]". nullopt: it
/// is not a socket.
std::optional<std::uint64_t> socket_inode(int folder, std::string_view name) {
  std::array<char, 64> link{};
  const ssize_t size = ::readlinkat(folder, std::string{name}.c_str(), link.data(), link.size());
  std::string_view text{link.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  constexpr std::string_view begin = "socket:[";
  if (text.substr(0, begin.size()) != begin || text.back() != ']') return std::nullopt;
  return number<std::uint64_t>(text.substr(begin.size(), text.size() - begin.size() - 1));
}

/// The inodes of the peers' sockets, for the connections from this machine. 0: not found.
std::map<tcp_ends, std::uint64_t> local_ends(const std::vector<peer>& peers) {
  std::map<tcp_ends, std::uint64_t> out;
  for (const peer& client : peers) {
    const auto remote = end_of(client.remote);
    const auto local = end_of(client.local);
    if (remote && local && remote->is_loopback()) out.emplace(tcp_ends{*remote, *local}, 0);
  }
  if (out.empty()) return out;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    read_tcp_table(file_text(table), [&](const tcp_ends& ends, std::uint64_t inode) {
      if (const auto at = out.find(ends); at != out.end()) at->second = inode;
    });
  }
  return out;
}

}  // namespace

void process_table::search_process(pid_t pid, std::map<std::uint64_t, pid_t>& owner_of_inode,
                                   std::size_t& missing) {
  bool has_match = false;
  for_each_entry("/proc/" + std::to_string(pid) + "/fd", [&](std::string_view name, int folder) {
    const auto inode = name.front() == '.' ? std::nullopt : socket_inode(folder, name);
    const auto at = inode ? owner_of_inode.find(*inode) : owner_of_inode.end();
    if (at == owner_of_inode.end() || at->second != 0) return true;
    at->second = pid;
    has_match = true;
    return --missing > 0;
  });
  if (!has_match) return;
  std::erase(recent_, pid);
  recent_.insert(recent_.begin(), pid);
  if (recent_.size() > recent_max) recent_.pop_back();
}

std::vector<process_info> process_table::find(const std::vector<peer>& peers) {
  const auto ends = local_ends(peers);
  std::map<std::uint64_t, pid_t> owner_of_inode;
  for (const auto& [end, inode] : ends) {
    if (inode != 0) owner_of_inode.emplace(inode, 0);
  }
  std::size_t missing = owner_of_inode.size();
  const auto likely = recent_;
  for (auto pid = likely.begin(); pid != likely.end() && missing > 0; ++pid) {
    search_process(*pid, owner_of_inode, missing);
  }
  if (missing > 0) {
    for_each_entry("/proc", [&](std::string_view name, int) {
      if (const auto pid = number<pid_t>(name)) search_process(*pid, owner_of_inode, missing);
      return missing > 0;
    });
  }
  std::vector<process_info> out;
  for (const peer& client : peers) {
    process_info info{client.pid, ""};
    if (const auto remote = end_of(client.remote); remote) {
      const auto at = ends.find({*remote, end_of(client.local).value_or(tcp_end{})});
      if (at != ends.end() && at->second != 0) info.pid = owner_of_inode[at->second];
    }
    if (info.pid != 0) info.name = program_name(info.pid);
    if (info.name.empty()) info.name = describe(client);
    out.push_back(std::move(info));
  }
  return out;
}

process_finder::process_finder()
    : process_finder{[table = process_table{}](const std::vector<peer>& peers) mutable {
        return table.find(peers);
      }} {}

process_finder::process_finder(search_function find_processes)
    : find_processes_{std::move(find_processes)}, thread_{[this] { run(); }} {}

process_finder::~process_finder() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  search_added_.notify_one();
  thread_.join();
}

void process_finder::start_search(std::uint64_t connection, const peer& client) {
  {
    const std::lock_guard lock{mutex_};
    if (searches_.size() >= searches_max) return;
    searches_.emplace(connection, search{client, false, false, {}});
    open_.push_back(connection);
  }
  search_added_.notify_one();
}

process_info process_finder::wait_for(std::uint64_t connection, std::chrono::milliseconds at_most) {
  std::unique_lock lock{mutex_};
  const auto entry = searches_.find(connection);
  if (entry == searches_.end()) return {};
  search& current = entry->second;
  search_done_.wait_for(lock, at_most, [&] { return current.done; });
  if (!current.done) {
    current.is_late = true;
    return {0, describe(current.client)};
  }
  process_info out = std::move(current.process);
  searches_.erase(entry);
  return out;
}

std::vector<std::pair<std::uint64_t, process_info>> process_finder::late_results() {
  const std::lock_guard lock{mutex_};
  return std::exchange(late_, {});
}

void process_finder::forget(std::uint64_t connection) {
  const std::lock_guard lock{mutex_};
  searches_.erase(connection);
  std::erase_if(late_, [&](const auto& late) { return late.first == connection; });
}

std::vector<std::pair<std::uint64_t, process_finder::search>> process_finder::open_searches() {
  std::unique_lock lock{mutex_};
  search_added_.wait(lock, [&] { return stopping_ || !open_.empty(); });
  std::vector<std::pair<std::uint64_t, search>> out;
  for (const auto number : std::exchange(open_, {})) {
    // A search that was cancelled is missing.
    if (const auto at = searches_.find(number); at != searches_.end()) {
      out.emplace_back(number, at->second);
    }
  }
  if (stopping_) out.clear();
  return out;
}

void process_finder::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (true) {
    const auto searches = open_searches();
    std::vector<peer> peers;
    for (const auto& [number, open_search] : searches) peers.push_back(open_search.client);
    auto processes = find_processes_(peers);
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    for (std::size_t i = 0; i < searches.size(); ++i) {
      const auto at = searches_.find(searches[i].first);
      if (at == searches_.end()) continue;
      if (at->second.is_late) {
        searches_.erase(at);
        if (processes[i].pid != 0) late_.emplace_back(searches[i].first, std::move(processes[i]));
        continue;
      }
      at->second.done = true;
      at->second.process = std::move(processes[i]);
    }
    search_done_.notify_all();
  }
}

}  // namespace drover::audit
