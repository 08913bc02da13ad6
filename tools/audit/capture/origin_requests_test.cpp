// SPDX-License-Identifier: MIT
#include "audit/capture/origin_requests.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/capture/sql_text.hpp"
#include "base/bytes.hpp"

namespace drover::audit::origin_requests_test {
namespace {

using namespace std::string_literals;

std::string big_endian(std::uint32_t number) {
  std::string out(4, '\0');
  base::store_big_endian(out, 0, number);
  return out;
}

std::string postgres_message(char type, std::string_view body) {
  return type + big_endian(static_cast<std::uint32_t>(body.size() + 4)).append(body);
}

std::string postgres_start() {
  const std::string body = big_endian(196'608) + "user\0me\0\0"s;
  return big_endian(static_cast<std::uint32_t>(body.size() + 4)) + body;
}

std::string mysql_packet(unsigned number, std::string_view body) {
  std::string out;
  out += static_cast<char>(body.size() & 0xFFU);
  out += static_cast<char>(body.size() >> 8U & 0xFFU);
  out += static_cast<char>(body.size() >> 16U & 0xFFU);
  out += static_cast<char>(number);
  return out.append(body);
}

const std::string mysql_greeting = mysql_packet(0, "\x0a"s + "8.0.36\0"s + std::string(60, 'x'));
const std::string mysql_login = mysql_packet(1, "\x85\xa6\xff\x01"s + std::string(40, '\0'));

struct sent_bytes {
  bool by_client = true;
  std::string bytes;
};

/// The protocol and the number of requests, such as "http 3". If reading has stopped, the reason
/// follows after a colon.
std::string counted(const std::vector<sent_bytes>& all, std::size_t slice_max) {
  origin_requests requests;
  std::uint64_t count = 0;
  for (const sent_bytes& sent : all) {
    if (!sent.by_client) {
      requests.server_sent(sent.bytes);
      continue;
    }
    for (std::size_t at = 0; at < sent.bytes.size(); at += slice_max) {
      count += requests.client_sent(std::string_view{sent.bytes}.substr(at, slice_max));
    }
  }
  std::string out = std::string{requests.protocol()} + ' ' + std::to_string(count);
  if (!requests.stop_reason().empty()) out.append(": ").append(requests.stop_reason());
  return out;
}

/// Like `counted` above. Checks that slices of any size give the same result.
std::string counted(const std::vector<sent_bytes>& all) {
  const std::string whole = counted(all, std::string::npos / 2);
  for (const std::size_t size : {1U, 2U, 3U, 7U, 24U, 50U}) EXPECT_EQ(counted(all, size), whole);
  return whole;
}

TEST(audit_origin_requests, CountHttpWithItsBodies) {
  EXPECT_EQ(counted({{true, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\n\r\n"}}),
            "http 2");
  EXPECT_EQ(counted({{true,
                      "POST / HTTP/1.1\r\ncontent-LENGTH:  18\r\n\r\nGET / HTTP/1.1\r\n\r\n"
                      "DELETE /x HTTP/1.0\n\n"}}),
            "http 2");
  EXPECT_EQ(counted({{true,
                      "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
                      "12;name=x\r\nGET / HTTP/1.1\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n"
                      "GET / HTTP/1.1\r\n\r\n"}}),
            "http 2");
  EXPECT_EQ(counted({{true, "GET / HTTP/1.1\r\nHost: x\r\n"}}), "http 0");
  EXPECT_EQ(counted({{true, "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n"}}), "http 1");
}

TEST(audit_origin_requests, StopWhereHttpEnds) {
  EXPECT_EQ(
      counted({{true, "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\n\r\n"}}),
      "http 1: the connection switched to another protocol");
  EXPECT_EQ(counted({{true, "GET / HTTP/1.1\r\n\r\nnonsense\r\n"}}),
            "http 1: an invalid HTTP request");
  EXPECT_EQ(counted({{true, "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"}}),
            "http 0: an invalid Content-Length");
}

TEST(audit_origin_requests, CountHttp2ByItsStreams) {
  const auto frame = [](char type, std::uint32_t stream, std::string_view body) {
    std::string out{"\0\0"s};
    out += static_cast<char>(body.size());
    out += type;
    out += '\x04';
    return out + big_endian(stream) + std::string{body};
  };
  EXPECT_EQ(counted({{true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, "") +
                                frame(1, 1, "headers") + frame(0, 1, "data") +
                                frame(1, 1, "trailers") + frame(1, 3, "headers")}}),
            "http2 2");
}

TEST(audit_origin_requests, CountPostgresQueriesAndExecutions) {
  const std::string simple = postgres_start() + postgres_message('p', "password\0"s) +
                             postgres_message('Q', "BEGIN\0"s) +
                             postgres_message('Q', "SELECT * FROM users WHERE id = 1\0"s) +
                             postgres_message('Q', "SELECT 1\0"s) +
                             postgres_message('Q', "COMMIT\0"s) + postgres_message('X', "");
  EXPECT_EQ(counted({{true, simple}}), "postgresql 1");
  const std::string extended =
      postgres_start() + postgres_message('P', "s1\0SELECT name FROM users\0\0\0"s) +
      postgres_message('P', "b1\0BEGIN\0\0\0"s) + postgres_message('B', "\0b1\0\0\0"s) +
      postgres_message('E', "\0\0\0\0\0"s) + postgres_message('B', "\0s1\0\0\0"s) +
      postgres_message('E', "\0\0\0\0\0"s) + postgres_message('B', "\0s1\0\0\0"s) +
      postgres_message('E', "\0\0\0\0\0"s) + postgres_message('S', "");
  EXPECT_EQ(counted({{true, extended}}), "postgresql 2");
  EXPECT_EQ(counted({{true, postgres_start() +
                                postgres_message('Q', "SELECT " + std::string(100'000, 'x'))}}),
            "postgresql 1");
}

TEST(audit_origin_requests, SeePostgresAskForEncryption) {
  const std::string asks = big_endian(8) + big_endian(80'877'103);
  const std::string query = postgres_start() + postgres_message('Q', "SELECT 2\0"s);
  EXPECT_EQ(counted({{true, asks}, {false, "N"}, {true, query}}), "postgresql 1");
  EXPECT_EQ(counted({{true, asks}, {false, "S"}, {true, query}}),
            "postgresql 0: the connection is encrypted");
  EXPECT_EQ(counted({{true, postgres_start() + "Q\0\0\0\x01"s}}),
            "postgresql 0: an invalid PostgreSQL message");
}

TEST(audit_origin_requests, CountMysqlQueriesAndExecutions) {
  const std::string commands = mysql_login + mysql_packet(0, "\x03SET NAMES utf8mb4") +
                               mysql_packet(0, "\x03SELECT @@version") +
                               mysql_packet(0, "\x03SELECT name FROM users") +
                               mysql_packet(0, "\x16SELECT ?") + mysql_packet(0, "\x17\x01") +
                               mysql_packet(2, "\x03more of a file") + mysql_packet(0, "\x0e");
  EXPECT_EQ(counted({{false, mysql_greeting}, {true, commands}}), "mysql 2");
  const std::string encrypted = mysql_packet(1, "\x85\xae\xff\x01"s + std::string(28, '\0'));
  EXPECT_EQ(counted({{false, mysql_greeting}, {true, encrypted}}),
            "mysql 0: the connection is encrypted");
}

TEST(audit_origin_requests, SayWhenTheyKnowNoProtocol) {
  const std::string unknown = " 0: a protocol that is neither HTTP, PostgreSQL's nor MySQL's";
  EXPECT_EQ(counted({{true, "*1\r\n$4\r\nPING\r\n"}}), unknown);
  EXPECT_EQ(counted({{true, "\x16\x03\x01 hello of TLS"}}), unknown);
  EXPECT_EQ(counted({{false, "220 mail.example ESMTP\r\n"}, {true, "GET / HTTP/1.1\r\n\r\n"}}),
            unknown);
  EXPECT_EQ(counted({{true, "GE"}}), " 0");
}

TEST(audit_sql_text, TellsWhatAsksForData) {
  for (const char* const text :
       {"SELECT * FROM t", "select 1 from t", "SELECT 12", " /* x */ SELECT now()", "INSERT INTO t",
        "(SELECT 2)", "WITH x AS (SELECT 1) SELECT * FROM x", "CALL load()", "SELECT 1, 2"}) {
    EXPECT_TRUE(asks_for_data(text)) << text;
  }
  for (const char* const text :
       {"", ";", "BEGIN", "begin transaction", "COMMIT;", "ROLLBACK TO x", "SET x = 1", "SHOW all",
        "SELECT 1", "select 1;", "SELECT 1 -- ping", "/* ping */ SELECT 1", "SELECT @@version",
        "-- nothing", "DEALLOCATE ALL", "START TRANSACTION", "SAVEPOINT a"}) {
    EXPECT_FALSE(asks_for_data(text)) << text;
  }
}

}  // namespace
}  // namespace drover::audit::origin_requests_test
