// SPDX-License-Identifier: MIT
// Queries to a real PostgreSQL are counted on their way, by a real client library.
#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>

#include "integration/audit_origin_world.hpp"
#include "process/private_postgresql.hpp"

namespace drover::test::audit_postgresql_test {
namespace {

TEST(audit_origin_postgresql, CountsTheQueriesOfAClientLibrary) {
  const process::signal_watch signals;
  const auto programs = process::find_postgresql_programs(std::nullopt);
  ASSERT_TRUE(programs) << "postgresql is not installed";
  const process::private_postgresql origin{*programs, 10, signals};

  // The host of its URL is its socket.
  pqxx::connection direct{origin.url()};
  const std::string path =
      std::string{direct.hostname()} + "/.s.PGSQL." + std::string{direct.port()};
  origin_records reported;
  const auto counter =
      audit::count_connections({.host = "127.0.0.1", .port = 0, .path = {}},
                               {.host = {}, .port = 0, .path = path}, reported.listener());
  ASSERT_TRUE(counter->start());
  const std::string line = reported.lines().at(0);
  pqxx::connection client{"host=127.0.0.1 port=" + line.substr(line.rfind(':') + 1) +
                          " user=" + std::string{direct.username()} +
                          " dbname=" + std::string{direct.dbname()}};
  {
    pqxx::work work{client};  // BEGIN
    EXPECT_EQ(work.exec("SELECT 40 + 2")[0][0].as<int>(), 42);
    client.prepare("by_number", "SELECT $1::int + 1");
    EXPECT_EQ(work.exec_prepared1("by_number", 6)[0].as<int>(), 7);
    EXPECT_EQ(work.exec_prepared1("by_number", 7)[0].as<int>(), 8);
    work.commit();
  }
  client.disconnect();
  EXPECT_EQ(reported.wait_for(3), 3U);
  counter->stop();
  EXPECT_EQ(reported.wait_for(3), 3U) << "BEGIN, COMMIT and preparing ask for no data";
}

}  // namespace
}  // namespace drover::test::audit_postgresql_test
