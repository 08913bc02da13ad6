// SPDX-License-Identifier: MIT
#include "connection/sentinel.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resp/reader.hpp"
#include "resp/writer.hpp"

namespace drover::connection::sentinel_test {
namespace {

resp::message message_of(std::string_view bytes) {
  resp::reader reader;
  resp::message read;
  EXPECT_EQ(reader.read(bytes, read).status, resp::reader::status::complete) << bytes;
  return read;
}

/// A list of texts.
std::string list(const std::vector<std::string>& texts) {
  std::string bytes = "*" + std::to_string(texts.size()) + "\r\n";
  for (const std::string& text : texts) {
    bytes += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }
  return bytes;
}

/// Without replicas.
result<primary_report> report_of(const std::vector<std::string>& replies,
                                 const std::string& replicas = "*0\r\n") {
  std::vector<resp::message> messages;
  for (const std::string& reply : replies) messages.push_back(message_of(reply));
  messages.push_back(message_of(replicas));
  return read_primary_report(messages, "main");
}

primary_report primary(std::uint16_t port, std::uint64_t epoch, bool is_down = false) {
  return {.at = {"10.0.0.1", port}, .config_epoch = epoch, .is_down = is_down};
}

std::string ports(const std::vector<host_port>& addresses) {
  std::string text;
  for (const host_port& at : addresses) text += std::to_string(at.port) + ' ';
  return text;
}

TEST(sentinel, IsAskedForTheAddressTheConfigurationAndTheReplicas) {
  const sentinel_request plain = write_sentinel_request("main", "", "");
  EXPECT_EQ(plain.replies, 3U);
  EXPECT_EQ(plain.bytes,
            "*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$4\r\nmain\r\n"
            "*3\r\n$8\r\nSENTINEL\r\n$6\r\nMASTER\r\n$4\r\nmain\r\n"
            "*3\r\n$8\r\nSENTINEL\r\n$8\r\nREPLICAS\r\n$4\r\nmain\r\n");
  EXPECT_TRUE(write_sentinel_request("main", "", "secret")
                  .bytes.starts_with("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"));
  const sentinel_request with_user = write_sentinel_request("main", "app", "secret");
  EXPECT_EQ(with_user.replies, 4U);
  EXPECT_TRUE(with_user.bytes.starts_with("*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$6\r\nsecret\r\n"));
}

TEST(sentinel, NamesThePrimaryWithItsEpoch) {
  const std::string details = list(
      {"name", "main", "ip", "10.0.0.1", "port", "6379", "flags", "master", "config-epoch", "7"});
  const auto report = report_of({list({"10.0.0.1", "6379"}), details});
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report->at, (host_port{"10.0.0.1", 6379}));
  EXPECT_EQ(report->config_epoch, 7U);
  EXPECT_FALSE(report->is_down);
  EXPECT_TRUE(report_of({"+OK\r\n", list({"redis.example", "1"}), details}));
}

TEST(sentinel, SaysWhetherThePrimaryItNamesIsDown) {
  const auto is_down = [](const std::string& port, const std::string& flags) {
    const auto report =
        report_of({list({"h", "1"}), list({"ip", "h", "port", port, "flags", flags})});
    return report && report->is_down;
  };
  EXPECT_FALSE(is_down("1", "master"));
  EXPECT_TRUE(is_down("1", "s_down,master"));
  EXPECT_TRUE(is_down("1", "master,o_down"));
  EXPECT_FALSE(is_down("1", "master,disconnected"));
  // A failover has promoted the server at port 1; the details still describe the former primary.
  EXPECT_FALSE(is_down("2", "s_down,o_down,master,failover_in_progress"));
}

// The sentinel names the new primary up to a second after it has made it one.
TEST(sentinel, TellsWhichReplicaItPromotes) {
  const auto promoted = [](const std::string& replicas) {
    const auto report = report_of(
        {list({"10.0.0.1", "1"}),
         list({"ip", "10.0.0.1", "port", "1", "flags", "o_down,master", "config-epoch", "1"})},
        replicas);
    return report ? ports(ranked(std::vector{*report})) : "none";
  };
  const auto replica = [](const std::string& port, const std::string& flags) {
    return list({"name", "n", "ip", "10.0.0.1", "port", port, "flags", flags});
  };
  EXPECT_EQ(promoted("*0\r\n"), "");
  EXPECT_EQ(promoted("*1\r\n" + replica("2", "slave")), "");
  EXPECT_EQ(promoted("*2\r\n" + replica("2", "slave") + replica("3", "slave,promoted")), "3 ");
  EXPECT_EQ(promoted("*1\r\n" + replica("0", "promoted")), "");
  EXPECT_EQ(promoted("*1\r\n" + list({"ip", "a b", "port", "2", "flags", "promoted"})), "");
  EXPECT_EQ(promoted("*1\r\n:1\r\n"), "");
  EXPECT_EQ(promoted("-NOPERM no permissions\r\n"), "");
  // It comes after the primary that a sentinel names.
  primary_report one = primary(1, 1);
  one.promoted = host_port{"10.0.0.1", 2};
  EXPECT_EQ(ports(ranked(std::vector{one, one})), "1 2 ");
  EXPECT_EQ(ports(ranked(std::vector{one, primary(3, 2)})), "3 1 2 ");
}

TEST(sentinel, MayRefuseTheDetails) {
  const auto report = report_of({list({"h", "1"}), "-NOPERM no permissions\r\n"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->config_epoch, 0U);
}

TEST(sentinel, ThatIsOfNoUseSaysWhy) {
  const std::string address = list({"h", "1"});
  const struct {
    std::vector<std::string> replies;
    const char* why;
  } cases[] = {
      {{"*-1\r\n", "-ERR No such master with that name\r\n"}, "does not know the service 'main'"},
      {{"_\r\n", "-ERR No such master with that name\r\n"}, "does not know the service 'main'"},
      {{"-NOAUTH Authentication required.\r\n", address}, "wants a password"},
      {{"-WRONGPASS invalid\r\n", address, address}, "refuses user or password"},
      {{"-NOPERM no\r\n", address}, "may not run SENTINEL"},
      {{"-ERR unknown command 'SENTINEL'\r\n", address}, "is no sentinel"},
      {{"-ERR boom\r\n", address}, "refuses the request"},
      {{list({"h"}), address}, "not the address"},
      {{list({"h", "0"}), address}, "not the address"},
      {{list({"h", "65536"}), address}, "not the address"},
      {{list({"", "1"}), address}, "not the address"},
      {{":1\r\n", address}, "not the address"},
  };
  for (const auto& test_case : cases) {
    const auto report = report_of(test_case.replies);
    ASSERT_FALSE(report) << test_case.replies[0];
    EXPECT_NE(report.error().text.find(test_case.why), std::string::npos) << report.error().text;
  }
}

TEST(sentinel, WithTheLatestConfigurationIsBelievedFirst) {
  const std::vector<primary_report> lagging{primary(1, 1), primary(1, 1), primary(2, 2)};
  EXPECT_EQ(ports(ranked(lagging)), "2 1 ");
  const std::vector<primary_report> without_epochs{primary(3, 0), primary(1, 0), primary(1, 0)};
  EXPECT_EQ(ports(ranked(without_epochs)), "1 3 ");
  EXPECT_EQ(ports(ranked({})), "");
}

TEST(sentinel, ThatCannotReachThePrimaryIsOutvotedByOneThatCan) {
  EXPECT_EQ(ports(ranked(std::vector{primary(1, 1, true), primary(1, 1, false)})), "1 ");
  EXPECT_EQ(ports(ranked(std::vector{primary(1, 1, true), primary(1, 1, true)})), "");
  // What a sentinel with an older configuration sees is of no interest.
  EXPECT_EQ(ports(ranked(std::vector{primary(1, 1, false), primary(1, 2, true)})), "");
  EXPECT_EQ(ports(ranked(std::vector{primary(1, 2, true), primary(2, 1, false)})), "2 ");
}

// Some of the others may not have seen it yet.
TEST(sentinel, ThatKnowsOfAQuorumAgainstThePrimaryIsBelieved) {
  primary_report one = primary(1, 1, true);
  one.is_agreed_down = true;
  EXPECT_EQ(ports(ranked(std::vector{primary(1, 1), one, primary(1, 1)})), "");
  EXPECT_EQ(ports(ranked(std::vector{one, primary(1, 2)})), "1 ") << "before the last failover";
  const auto is_agreed = [](const std::string& flags) {
    const auto report =
        report_of({list({"h", "1"}), list({"ip", "h", "port", "1", "flags", flags})});
    return report && report->is_agreed_down;
  };
  EXPECT_TRUE(is_agreed("s_down,o_down,master"));
  EXPECT_FALSE(is_agreed("s_down,master"));
}

TEST(sentinel, AnnouncesANewPrimary) {
  const auto announced = [](const std::string& channel, const std::string& text) {
    const auto at = new_primary_in(message_of(list({"message", channel, text})), "main");
    return at ? describe(*at) : "";
  };
  EXPECT_EQ(announced("+switch-master", "main 10.0.0.1 1 10.0.0.2 2"), "10.0.0.2:2");
  EXPECT_EQ(announced("+switch-master", "main ::1 1 ::2 2"), "[::2]:2");
  EXPECT_EQ(announced("+switch-master", "main2 10.0.0.1 1 10.0.0.2 2"), "");
  EXPECT_EQ(announced("+switch-master", "mai 10.0.0.1 1 10.0.0.2 2"), "");
  EXPECT_EQ(announced("+switch-master", "main 10.0.0.1 1 10.0.0.2"), "");
  EXPECT_EQ(announced("+switch-master", "main 10.0.0.1 1 10.0.0.2 x"), "");
  EXPECT_EQ(announced("+switch-master", "main 10.0.0.1 1 10.0.0.2 2 3"), "");
  EXPECT_EQ(announced("+sdown", "main 10.0.0.1 1 10.0.0.2 2"), "");
  EXPECT_FALSE(new_primary_in(message_of(":1\r\n"), "main"));
}

}  // namespace
}  // namespace drover::connection::sentinel_test
