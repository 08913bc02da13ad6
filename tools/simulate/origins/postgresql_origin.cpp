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

address address_in(const std::string& where) {
  const std::size_t colon = where.find(':');
  if (colon == std::string::npos) throw std::runtime_error{"no PostgreSQL at " + where};
  return {where.substr(0, colon), where.substr(colon + 1)};
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
class logged {
 public:
  logged(query_log& log, std::string_view key) : log_{log}, place_{log.begin(key)} {}
  ~logged() { log_.end(place_); }
  logged(const logged&) = delete;
  logged& operator=(const logged&) = delete;

 private:
  query_log& log_;
  const std::size_t place_;
};

class reader {
 public:
  explicit reader(const address& of) : session_{open_session(of.url, of.schema)} {
    session_->prepare(query_statement, query_text);
    session_->prepare_now(query_statement);
  }

  [[nodiscard]] bool is_usable() const noexcept { return session_->is_open(); }

  std::optional<std::string> ask(const origin::query& request, query_log& log) {
    const std::chrono::duration<double> seconds = request.takes;
    pqxx::nontransaction asks{*session_};
    const std::int64_t read_at = now();
    pqxx::result rows;
    try {
      const logged until_answered{log, request.key};
      rows = asks.exec_prepared(query_statement, std::string{request.key}, seconds.count(),
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
  explicit writer(const address& of) : session_{open_session(of.url, of.schema)} {
    session_->prepare(lock_statement, "SELECT version FROM profile WHERE name = $1 FOR UPDATE");
    session_->prepare(change_statement,
                      "UPDATE profile SET version = $2, body = $3 WHERE name = $1");
  }

  std::uint64_t change(std::string_view key) {
    pqxx::work both{*session_};
    const pqxx::result rows = both.exec_prepared(lock_statement, std::string{key});
    if (rows.empty()) {
      throw std::runtime_error{"PostgreSQL: no row to change for " + std::string{key}};
    }
    const auto version = rows[0][0].as<std::uint64_t>() + 1;
    both.exec_prepared(change_statement, std::string{key}, version, body_of(key, version));
    both.commit();
    return version;
  }

 private:
  const std::unique_ptr<pqxx::connection> session_;
};

class postgresql_origin final : public origin {
 public:
  postgresql_origin(address at, query_log& log, unsigned connections)
      : at_{std::move(at)},
        log_{log},
        readers_{[this] { return std::make_unique<reader>(at_); }, connections} {}

  [[nodiscard]] std::optional<std::string> ask(const query& request) override {
    const connection_pool<reader>::lease mine{readers_};
    return mine->ask(request, log_);
  }

  std::uint64_t change(std::string_view key) override {
    const std::lock_guard held{one_change_};
    if (!writer_) writer_ = std::make_unique<writer>(at_);
    return writer_->change(key);
  }

 private:
  const address at_;
  query_log& log_;
  connection_pool<reader> readers_;
  std::mutex one_change_;
  std::unique_ptr<writer> writer_;  // guarded by one_change_; created by the first change
};

}  // namespace

std::unique_ptr<origin> open_postgresql(const std::string& where, query_log& log,
                                        unsigned connections) {
  allow_descriptors(connections + 1, std::to_string(connections) + " connections to PostgreSQL");
  return std::make_unique<postgresql_origin>(address_in(where), log, connections);
}

}  // namespace drover::simulate
