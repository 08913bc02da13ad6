// SPDX-License-Identifier: MIT
// The PostgreSQL origin in the processes of the herd.
#include <stdexcept>
#include <utility>

#include "simulate/origins/connection_pool.hpp"
#include "simulate/origins/descriptor_limit.hpp"
#include "simulate/origins/postgresql.hpp"
#include "simulate/origins/postgresql_session.hpp"
#include "simulate/origins/row.hpp"

namespace drover::simulate {
namespace {

// The query selects from a table that always has a row, so that `takes` also runs when there is no
// row in profile. `takes` comes last, so that the row has been read before it runs.
constexpr const char* query_text =
    "SELECT profile.body, profile.version, takes($2, $3) "
    "FROM one_row LEFT JOIN profile ON profile.name = $1";
constexpr const char* lock_statement = "drover_lock";
constexpr const char* change_statement = "drover_change";

struct address {
  std::string schema;
  std::string url;
};

address parse_address(const std::string& schema_and_url) {
  const std::size_t colon = schema_and_url.find(':');
  if (colon == std::string::npos) throw std::runtime_error{"no PostgreSQL at " + schema_and_url};
  return {schema_and_url.substr(0, colon), schema_and_url.substr(colon + 1)};
}

/// The first line of the error text, without the prefix "ERROR:  " and the context.
std::string first_line_of(const pqxx::sql_error& error) {
  constexpr std::string_view kind = "ERROR:  ";
  const std::string_view text = error.what();
  const std::string_view line = text.substr(0, text.find('\n'));
  return "PostgreSQL: " + std::string{line.starts_with(kind) ? line.substr(kind.size()) : line};
}

std::int64_t now() {
  return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

/// Logs a query from its beginning to its end, also when it fails.
class logged_query {
 public:
  logged_query(query_log& log, std::string_view key) : log_{log}, place_{log.begin(key)} {}
  ~logged_query() { log_.end(place_); }
  logged_query(const logged_query&) = delete;
  logged_query& operator=(const logged_query&) = delete;

 private:
  query_log& log_;
  const std::size_t place_;
};

class reader {
 public:
  explicit reader(const address& target) : session_{open_session(target.url, target.schema)} {
    session_->prepare(query_statement, query_text);
    session_->prepare_now(query_statement);
  }

  [[nodiscard]] bool is_usable() const noexcept { return session_->is_open(); }

  std::optional<std::string> ask(const origin::query& request, query_log& log) {
    const std::chrono::duration<double> seconds = request.takes;
    pqxx::nontransaction transaction{*session_};
    const std::int64_t read_at = now();
    pqxx::result rows;
    try {
      const logged_query log_entry{log, request.key};
      rows = transaction.exec_prepared(query_statement, std::string{request.key}, seconds.count(),
                                       request.fails);
    } catch (const pqxx::sql_error& error) {
      throw std::runtime_error{first_line_of(error)};
    }
    const pqxx::row row = rows.at(0);
    if (row[0].is_null()) return std::nullopt;
    return value_of(request.key, row[0].as<std::string>(),
                    {.version = row[1].as<std::uint64_t>(), .read_at = read_at});
  }

 private:
  const std::unique_ptr<pqxx::connection> session_;
};

class writer {
 public:
  explicit writer(const address& target) : session_{open_session(target.url, target.schema)} {
    session_->prepare(lock_statement, "SELECT version FROM profile WHERE name = $1 FOR UPDATE");
    session_->prepare(change_statement,
                      "UPDATE profile SET version = $2, body = $3 WHERE name = $1");
  }

  std::uint64_t change(std::string_view key) {
    pqxx::work transaction{*session_};
    const pqxx::result rows = transaction.exec_prepared(lock_statement, std::string{key});
    if (rows.empty()) {
      throw std::runtime_error{"PostgreSQL: no row to change for " + std::string{key}};
    }
    const auto version = rows[0][0].as<std::uint64_t>() + 1;
    transaction.exec_prepared(change_statement, std::string{key}, version, body_of(key, version));
    transaction.commit();
    return version;
  }

 private:
  const std::unique_ptr<pqxx::connection> session_;
};

class postgresql_origin final : public origin {
 public:
  postgresql_origin(address target, query_log& log, unsigned connections)
      : target_{std::move(target)},
        log_{log},
        readers_{[this] { return std::make_unique<reader>(target_); }, connections} {}

  [[nodiscard]] std::optional<std::string> ask(const query& request) override {
    const connection_pool<reader>::lease connection{readers_};
    return connection->ask(request, log_);
  }

  std::uint64_t change(std::string_view key) override {
    const std::lock_guard held{change_mutex_};
    if (!writer_) writer_ = std::make_unique<writer>(target_);
    return writer_->change(key);
  }

 private:
  const address target_;
  query_log& log_;
  connection_pool<reader> readers_;
  std::mutex change_mutex_;
  std::unique_ptr<writer> writer_;  // guarded by change_mutex_; created by the first change
};

}  // namespace

std::unique_ptr<origin> open_postgresql(const std::string& schema_and_url, query_log& log,
                                        unsigned connections) {
  allow_descriptors(connections + 1, std::to_string(connections) + " connections to PostgreSQL");
  return std::make_unique<postgresql_origin>(parse_address(schema_and_url), log, connections);
}

}  // namespace drover::simulate
