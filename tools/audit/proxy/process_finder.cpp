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
  for (ssize_t got = 0; (got = ::read(file, buffer.data(), buffer.size())) > 0;) {
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(file);
  return out;
}

std::string program_name(pid_t pid) {
  std::string out = file_text("/proc/" + std::to_string(pid) + "/comm");
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

template <class Each>
void for_each_entry(const std::string& folder, Each each) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open{::opendir(folder.c_str()), ::closedir};
  if (!open) return;
  while (const dirent* one = ::readdir(open.get())) {
    if (!each(std::string_view{one->d_name}, ::dirfd(open.get()))) return;
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
std::map<tcp_ends, std::uint64_t> local_ends(const std::vector<peer>& whom) {
  std::map<tcp_ends, std::uint64_t> out;
  for (const peer& one : whom) {
    const auto theirs = end_of(one.theirs);
    const auto ours = end_of(one.ours);
    if (theirs && ours && theirs->is_loopback()) out.emplace(tcp_ends{*theirs, *ours}, 0);
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

void process_table::look_into(pid_t pid, std::map<std::uint64_t, pid_t>& wanted,
                              std::size_t& missing) {
  bool found = false;
  for_each_entry("/proc/" + std::to_string(pid) + "/fd", [&](std::string_view name, int folder) {
    const auto inode = name.front() == '.' ? std::nullopt : socket_inode(folder, name);
    const auto at = inode ? wanted.find(*inode) : wanted.end();
    if (at == wanted.end() || at->second != 0) return true;
    at->second = pid;
    found = true;
    return --missing > 0;
  });
  if (!found) return;
  std::erase(recent_, pid);
  recent_.insert(recent_.begin(), pid);
  if (recent_.size() > recent_max) recent_.pop_back();
}

std::vector<found_process> process_table::find(const std::vector<peer>& whom) {
  const auto ends = local_ends(whom);
  std::map<std::uint64_t, pid_t> wanted;
  for (const auto& [end, inode] : ends) {
    if (inode != 0) wanted.emplace(inode, 0);
  }
  std::size_t missing = wanted.size();
  const auto likely = recent_;
  for (auto pid = likely.begin(); pid != likely.end() && missing > 0; ++pid) {
    look_into(*pid, wanted, missing);
  }
  if (missing > 0) {
    for_each_entry("/proc", [&](std::string_view name, int) {
      if (const auto pid = number<pid_t>(name)) look_into(*pid, wanted, missing);
      return missing > 0;
    });
  }
  std::vector<found_process> out;
  for (const peer& one : whom) {
    found_process found{one.pid, ""};
    if (const auto theirs = end_of(one.theirs); theirs) {
      const auto at = ends.find({*theirs, end_of(one.ours).value_or(tcp_end{})});
      if (at != ends.end() && at->second != 0) found.pid = wanted[at->second];
    }
    if (found.pid != 0) found.name = program_name(found.pid);
    if (found.name.empty()) found.name = describe(one);
    out.push_back(std::move(found));
  }
  return out;
}

process_finder::process_finder()
    : process_finder{[table = process_table{}](const std::vector<peer>& whom) mutable {
        return table.find(whom);
      }} {}

process_finder::process_finder(look how) : look_{std::move(how)}, thread_{[this] { run(); }} {}

process_finder::~process_finder() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

void process_finder::ask(std::uint64_t connection, const peer& who) {
  {
    const std::lock_guard lock{mutex_};
    if (questions_.size() >= asked_max) return;
    questions_.emplace(connection, question{who, false, false, {}});
    open_.push_back(connection);
  }
  asked_.notify_one();
}

found_process process_finder::answer(std::uint64_t connection, std::chrono::milliseconds at_most) {
  std::unique_lock lock{mutex_};
  const auto asked = questions_.find(connection);
  if (asked == questions_.end()) return {};
  question& one = asked->second;
  answered_.wait_for(lock, at_most, [&] { return one.done; });
  if (!one.done) {
    one.is_late = true;
    return {0, describe(one.who)};
  }
  found_process out = std::move(one.found);
  questions_.erase(asked);
  return out;
}

std::vector<std::pair<std::uint64_t, found_process>> process_finder::late_answers() {
  const std::lock_guard lock{mutex_};
  return std::exchange(late_, {});
}

void process_finder::forget(std::uint64_t connection) {
  const std::lock_guard lock{mutex_};
  questions_.erase(connection);
  std::erase_if(late_, [&](const auto& one) { return one.first == connection; });
}

std::vector<std::pair<std::uint64_t, process_finder::question>> process_finder::open_questions() {
  std::unique_lock lock{mutex_};
  asked_.wait(lock, [&] { return stopping_ || !open_.empty(); });
  std::vector<std::pair<std::uint64_t, question>> out;
  for (const auto number : std::exchange(open_, {})) {
    // A search that was cancelled is missing.
    if (const auto at = questions_.find(number); at != questions_.end()) {
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
    const auto asked = open_questions();
    std::vector<peer> whom;
    for (const auto& [number, one] : asked) whom.push_back(one.who);
    auto found = look_(whom);
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto at = questions_.find(asked[i].first);
      if (at == questions_.end()) continue;
      if (at->second.is_late) {
        questions_.erase(at);
        if (found[i].pid != 0) late_.emplace_back(asked[i].first, std::move(found[i]));
        continue;
      }
      at->second.done = true;
      at->second.found = std::move(found[i]);
    }
    answered_.notify_all();
  }
}

}  // namespace drover::audit
