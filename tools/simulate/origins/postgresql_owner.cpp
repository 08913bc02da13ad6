// SPDX-License-Identifier: MIT
// The PostgreSQL origin in the coordinator.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <pqxx/pqxx>
#include <stdexcept>
#include <utility>

#include "process/private_postgresql.hpp"
#include "simulate/origins/postgresql.hpp"
#include "simulate/origins/postgresql_session.hpp"
#include "simulate/origins/row.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 20ms;
constexpr auto sessions_end_max = 70s;  // a killed process's query runs on, for up to a minute
constexpr const char* insert_statement = "drover_insert";

/// Only queries scan `one_row`, so its statistics give the number of queries.
constexpr const char* tables_and_function =
    "CREATE TABLE profile (name text PRIMARY KEY, body text NOT NULL, version bigint NOT NULL);"
    "CREATE TABLE one_row AS SELECT 1 AS there_is;"
    "CREATE FUNCTION takes(seconds double precision, fails boolean) RETURNS boolean "
    "LANGUAGE plpgsql VOLATILE AS $body$ BEGIN "
    "PERFORM pg_sleep(seconds); "
    "IF fails THEN RAISE EXCEPTION 'the query failed as requested'; END IF; "
    "RETURN true; "
    "END $body$;"
    "ANALYZE one_row";

/// A message of libpqxx on one line, with each run of white space replaced by one space.
std::string folded(std::string_view text) {
  std::string line;
  for (const char byte : text) {
    const bool is_blank = byte == '\n' || byte == '\t' || byte == ' ';
    if (!is_blank) {
      line += byte;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

class postgresql_owner final : public origin_owner {
 public:
  postgresql_owner(const origin_choice& choice, const origin_settings& plan,
                   const process::signal_watch& signals)
      : signals_{signals}, schema_{plan.name} {
    if (choice.which == origin_choice::kind::postgresql_private) {
      const auto programs = process::find_postgresql_programs(plan.postgresql_bin);
      if (!programs) throw std::runtime_error{missing_postgresql_requirement(choice, plan)};
      // Twice the number, because the server still counts the ending sessions of one run when the
      // sessions of the next run begin.
      own_.emplace(*programs, 2 * plan.connections, signals);
      url_ = own_->url();
    } else {
      // The default timeout for a server that does not answer is several minutes.
      ::setenv("PGCONNECT_TIMEOUT", "10", 0);
      url_ = choice.url;
    }
    try {
      prepare(plan.connections);
    } catch (const pqxx::failure& error) {
      throw std::runtime_error{"--origin " + without_password(url_) + ": " + folded(error.what())};
    }
  }

  ~postgresql_owner() override {
    if (own_ || !has_schema_) return;
    try {
      // This uses a new connection, because the existing one may be broken.
      const auto session = open_session(url_, schema_);
      pqxx::work transaction{*session};
      transaction.exec("DROP SCHEMA " + schema_ + " CASCADE");
      transaction.commit();
    } catch (const std::exception& error) {
      std::cerr << "drover: the schema " << schema_ << " may be left in " << without_password(url_)
                << ": " << error.what() << '\n';
    }
  }

  void add_rows(std::span<const std::string> keys) override {
    pqxx::work transaction{*session_};
    for (const std::string& key : keys) {
      transaction.exec_prepared(insert_statement, key, body_of(key, 1));
    }
    transaction.commit();
  }

  [[nodiscard]] std::string address() const override {
    return std::string{postgresql_scheme} + schema_ + ':' + url_;
  }

  [[nodiscard]] std::string about() const override { return about_; }

  [[nodiscard]] std::optional<std::uint64_t> counted() override {
    if (own_) return own_->executed(query_statement);
    await_end_of_sessions();
    pqxx::nontransaction transaction{*session_};
    return transaction
        .exec1("SELECT seq_scan FROM pg_stat_user_tables WHERE relid = 'one_row'::regclass")[0]
        .as<std::uint64_t>();
  }

 private:
  void prepare(unsigned connections) {
    session_ = open_session(url_, schema_);
    about_ = "PostgreSQL " + version() + (own_ ? ", private" : "");
    if (!own_) check_room(connections);
    pqxx::work transaction{*session_};
    transaction.exec("CREATE SCHEMA " + schema_);
    transaction.exec(tables_and_function);
    transaction.commit();
    has_schema_ = true;
    session_->prepare(insert_statement,
                      "INSERT INTO profile (name, body, version) VALUES ($1, $2, 1)");
  }

  /// "15.18", without the suffix of a distribution.
  [[nodiscard]] std::string version() {
    pqxx::nontransaction transaction{*session_};
    const auto text = transaction.exec1("SHOW server_version")[0].as<std::string>();
    return text.substr(0, text.find(' '));
  }

  /// Throws `too_few_connections` before the run, which would otherwise fail in the middle. It does
  /// not count the connections reserved for superusers, because the role may have no right to them.
  void check_room(unsigned needed) {
    pqxx::nontransaction query{*session_};
    const auto in_use =
        query
            .exec1(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")[0]
            .as<long>();
    const auto connections_max = query.exec1("SHOW max_connections")[0].as<long>();
    const auto reserved = query.exec1("SHOW superuser_reserved_connections")[0].as<long>();
    const long room = std::max(connections_max - reserved - in_use, 0L);
    if (room >= static_cast<long>(needed)) return;
    throw too_few_connections{
        "--origin " + without_password(url_) + ": the run may need " + std::to_string(needed) +
            " connections, and the server has room for " + std::to_string(room) +
            " (max_connections is " + std::to_string(connections_max) +
            ", superuser_reserved_connections is " + std::to_string(reserved) + ", " +
            std::to_string(in_use) + " in use)",
        static_cast<unsigned>(room)};
  }

  /// Statistics are complete when the sessions have ended: a session reports them now and then, and
  /// at its end.
  void await_end_of_sessions() {
    const auto deadline = std::chrono::steady_clock::now() + sessions_end_max;
    while (sessions() > 0 && std::chrono::steady_clock::now() < deadline) signals_.pause(tick);
  }

  [[nodiscard]] long sessions() {
    pqxx::nontransaction transaction{*session_};
    return transaction
        .exec1(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = current_setting('application_name')"
            " AND pid <> pg_backend_pid()")[0]
        .as<long>();
  }

  const process::signal_watch& signals_;
  const std::string schema_;
  std::optional<process::private_postgresql> own_;
  std::string url_;
  std::string about_;
  bool has_schema_ = false;
  std::unique_ptr<pqxx::connection> session_;
};

}  // namespace

std::string missing_postgresql_requirement(const origin_choice& choice,
                                           const origin_settings& plan) {
  if (choice.which == origin_choice::kind::postgresql) return "";
  if (process::find_postgresql_programs(plan.postgresql_bin)) return "";
  if (plan.postgresql_bin) {
    return "--postgresql-bin " + *plan.postgresql_bin + ": contains no initdb and postgres";
  }
  return "--origin postgresql: no initdb and postgres in $PATH or /usr/lib/postgresql: install the "
         "server (on Debian: apt-get install postgresql), or give their folder by "
         "--postgresql-bin";
}

std::unique_ptr<origin_owner> make_postgresql(const origin_choice& choice,
                                              const origin_settings& plan,
                                              const process::signal_watch& signals) {
  return std::make_unique<postgresql_owner>(choice, plan, signals);
}

}  // namespace drover::simulate
