// SPDX-License-Identifier: MIT
#include "audit/proxy/process_finder.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "audit/proxy/tcp_table.hpp"

namespace drover::audit::process_finder_test {
namespace {

tcp_end v4(std::uint32_t host, std::uint16_t port) {
  sockaddr_storage at{};
  auto& four = reinterpret_cast<sockaddr_in&>(at);
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(host);
  four.sin_port = htons(port);
  return end_of(at).value();
}

std::vector<std::pair<tcp_ends, std::uint64_t>> read(std::string_view table) {
  std::vector<std::pair<tcp_ends, std::uint64_t>> out;
  read_tcp_table(table,
                 [&](const tcp_ends& ends, std::uint64_t inode) { out.emplace_back(ends, inode); });
  return out;
}

TEST(audit_tcp_table, ReadsBothFamiliesAsOne) {
  const auto four = read(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   1: 0100007F:A3C4 0100007F:A1B4 01 00000000:00000000 00:00000000 00000000     0        0 "
      "1613 1 00000000a0630016 100 0 0 10 0\n"
      "   2: 0100007F:A3C5 0100007F:A1B4 06 00000000:00000000 00:00000000 00000000     0        0 "
      "0 "
      "3 000000005ad7dc0d\n");
  ASSERT_EQ(four.size(), 1U) << "a socket without an inode belongs to no process";
  const tcp_ends expected{v4(0x7F000001, 0xA3C4), v4(0x7F000001, 0xA1B4)};
  EXPECT_EQ(four[0].first, expected);
  EXPECT_EQ(four[0].second, 1613U);
  EXPECT_TRUE(four[0].first.local.is_loopback());
  const auto mapped = read(
      "   0: 0000000000000000FFFF00000100007F:A3C4 0000000000000000FFFF00000100007F:A1B4 01 "
      "00000000:00000000 00:00000000 00000000  1000        0 77 1 0\n");
  ASSERT_EQ(mapped.size(), 1U);
  EXPECT_EQ(mapped[0].first, expected);
  const auto six = read(
      "   0: 00000000000000000000000001000000:0001 B80D0120000000000000000001000000:FFFF 01 "
      "00000000:00000000 00:00000000 00000000  1000        0 78 1 0\n");
  ASSERT_EQ(six.size(), 1U);
  EXPECT_TRUE(six[0].first.local.is_loopback());
  EXPECT_FALSE(six[0].first.remote.is_loopback());
  EXPECT_EQ(six[0].first.remote.host[0], 0x20);
  EXPECT_EQ(six[0].first.remote.port, 0xFFFF);
}

TEST(audit_tcp_table, SkipsWhatItCannotRead) {
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("\n\n   \nx\n").empty());
  EXPECT_TRUE(read("1: 0100007F:A3C4\n").empty());
  EXPECT_TRUE(read("1: 0100007F 0100007F:A1B4 01 a b c d e 1613\n").empty());
  EXPECT_TRUE(read("1: 0100007F:A3C4Z 0100007F:A1B4 01 a b c d e 1613\n").empty());
  EXPECT_TRUE(read("1: 0100007X:A3C4 0100007F:A1B4 01 a b c d e 1613\n").empty());
  EXPECT_TRUE(read("1: 0100007F:A3C4 0100007F:A1B4 01 a b c d e\n").empty());
}

/// Both ends of a connection within this process.
class loop_back {
 public:
  explicit loop_back(int family) {
    const int listener = ::socket(family, SOCK_STREAM, 0);
    sockaddr_storage at{};
    at.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET) {
      reinterpret_cast<sockaddr_in&>(at).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
      reinterpret_cast<sockaddr_in6&>(at).sin6_addr = in6addr_loopback;
    }
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    auto* raw = reinterpret_cast<sockaddr*>(&at);
    client = ::socket(family, SOCK_STREAM, 0);
    usable = ::bind(listener, raw, size) == 0 && ::listen(listener, 1) == 0 &&
             ::getsockname(listener, raw, &size) == 0 && ::connect(client, raw, size) == 0;
    if (usable) accepted = ::accept(listener, nullptr, nullptr);
    ::close(listener);
  }
  ~loop_back() {
    ::close(client);
    ::close(accepted);
  }
  loop_back(const loop_back&) = delete;
  loop_back& operator=(const loop_back&) = delete;

  bool usable = false;
  int client = -1;
  int accepted = -1;
};

std::string own_name() {
  std::array<char, 64> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  return name.data();
}

TEST(audit_process_finder, FindsWhoConnected) {
  for (const int family : {AF_INET, AF_INET6}) {
    const loop_back pair{family};
    if (!pair.usable && family == AF_INET6) continue;  // the machine has no IPv6
    ASSERT_TRUE(pair.usable);
    process_table table;
    for (int round = 0; round < 2; ++round) {
      const auto processes = table.find({peer_of(pair.accepted)});
      ASSERT_EQ(processes.size(), 1U);
      EXPECT_EQ(processes[0].pid, ::getpid());
      EXPECT_EQ(processes[0].name, own_name());
    }
  }
}

TEST(audit_process_finder, TellsProcessesApart) {
  const loop_back ours{AF_INET};
  loop_back theirs{AF_INET};
  ASSERT_TRUE(ours.usable && theirs.usable);
  std::array<int, 2> hold{};
  ASSERT_EQ(::pipe(hold.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(hold[1]);
    ::close(ours.client);
    char byte = 0;
    _exit(static_cast<int>(::read(hold[0], &byte, 1)));
  }
  ::close(theirs.client);  // now only the child holds the socket
  theirs.client = -1;
  process_table table;
  const auto processes = table.find({peer_of(ours.accepted), peer_of(theirs.accepted)});
  EXPECT_EQ(processes[0].pid, ::getpid());
  EXPECT_EQ(processes[1].pid, child);
  ::close(hold[1]);
  ::close(hold[0]);
  ::waitpid(child, nullptr, 0);
}

TEST(audit_process_finder, SaysTheAddressOfWhoIsNotFound) {
  auto gone = loop_back{AF_INET};
  const peer client = peer_of(gone.accepted);
  ::close(gone.client);
  gone.client = -1;
  process_table table;
  const auto processes = table.find({client, peer{}});
  ASSERT_EQ(processes.size(), 2U);
  EXPECT_EQ(processes[0].pid, 0);
  EXPECT_EQ(processes[0].name.substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(processes[1].pid, 0);
}

TEST(audit_process_finder, KnowsTheOtherEndOfAUnixSocket) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  const peer client = peer_of(pair[0]);
  EXPECT_TRUE(client.is_unix);
  EXPECT_EQ(client.pid, ::getpid());
  process_table table;
  EXPECT_EQ(table.find({client})[0].name, own_name());
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST(threads_audit_process_finder, AnswersWhatItWasAsked) {
  const loop_back pair{AF_INET};
  ASSERT_TRUE(pair.usable);
  process_finder finder;
  const peer client = peer_of(pair.accepted);
  for (std::uint64_t i = 1; i <= 20; ++i) finder.start_search(i, client);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    EXPECT_EQ(finder.wait_for(i, std::chrono::minutes{1}).pid, ::getpid());
  }
  EXPECT_EQ(finder.wait_for(1, std::chrono::minutes{1}).pid, 0) << "each result is returned once";
}

/// A search that waits until the test lets it continue.
class held_look {
 public:
  std::vector<process_info> operator()(const std::vector<peer>& peers) {
    when_.wait();
    std::vector<process_info> processes;
    for (std::size_t i = 0; i < peers.size(); ++i) processes.push_back({4711, "python3"});
    return processes;
  }
  void let() { let_.set_value(); }

 private:
  std::promise<void> let_;
  std::shared_future<void> when_ = let_.get_future().share();
};

TEST(threads_audit_process_finder, SaysLaterWhatItHadNoTimeToFind) {
  held_look slow;
  process_finder finder{std::ref(slow)};
  for (std::uint64_t i = 1; i <= 3; ++i) finder.start_search(i, peer{});
  EXPECT_EQ(finder.wait_for(1, std::chrono::milliseconds{0}).pid, 0);
  EXPECT_EQ(finder.wait_for(2, std::chrono::milliseconds{0}).pid, 0);
  EXPECT_TRUE(finder.late_results().empty());
  finder.forget(2);  // the connection was closed
  slow.let();
  EXPECT_EQ(finder.wait_for(3, std::chrono::minutes{1}).pid, 4711);
  const auto late = finder.late_results();
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(late[0].first, 1U);
  EXPECT_EQ(late[0].second.pid, 4711);
  EXPECT_EQ(late[0].second.name, "python3");
  EXPECT_TRUE(finder.late_results().empty()) << "each result is returned once";
}

}  // namespace
}  // namespace drover::audit::process_finder_test
