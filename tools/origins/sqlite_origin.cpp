// SPDX-License-Identifier: MIT
#include "origins/sqlite_origin.hpp"

#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "origins/row.hpp"
#include "origins/sqlite_database.hpp"

namespace drover::simulate {
namespace {

/// A query without a row takes its time as well.
constexpr const char* query_text =
    "SELECT takes_us(?2, ?3), row.body, row.version "
    "FROM (SELECT 1) LEFT JOIN profile AS row ON row.name = ?1";

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The SQL function takes_us(n, fails): true after n microseconds, or an error after them.
void takes_us(sqlite3_context* context, int, sqlite3_value** arguments) {
  std::this_thread::sleep_for(std::chrono::microseconds{sqlite3_value_int64(arguments[0])});
  if (sqlite3_value_int(arguments[1]) != 0) {
    sqlite3_result_error(context, "the query fails, as it was told to", -1);
  } else {
    sqlite3_result_int(context, 1);
  }
}

class sqlite_owner final : public origin_owner {
 public:
  explicit sqlite_owner(const std::filesystem::path& folder)
      : file_{folder / "origin.sqlite"}, database_{open_sqlite(file_)} {
    run_sqlite(database_.get(), "PRAGMA journal_mode = WAL");
    // What a crash of the machine would lose matters to nobody here.
    run_sqlite(database_.get(), "PRAGMA synchronous = OFF");
    run_sqlite(database_.get(),
               "CREATE TABLE profile (name TEXT PRIMARY KEY, body TEXT NOT NULL, "
               "version INTEGER NOT NULL)");
  }

  void add_rows(std::span<const std::string> keys) override {
    run_sqlite(database_.get(), "BEGIN IMMEDIATE");
    const statement_handle insert =
        prepare_sqlite(database_.get(), "INSERT INTO profile VALUES (?1, ?2, 1)");
    for (const std::string& key : keys) {
      bind_text(insert.get(), 1, key);
      bind_text(insert.get(), 2, body_of(key, 1));
      if (sqlite3_step(insert.get()) != SQLITE_DONE) {
        const std::string why = sqlite3_errmsg(database_.get());
        sqlite3_reset(insert.get());
        run_sqlite(database_.get(), "ROLLBACK");
        throw std::runtime_error{"SQLite, adding a row: " + why};
      }
      sqlite3_reset(insert.get());
    }
    run_sqlite(database_.get(), "COMMIT");
  }

  std::string address() const override { return std::string{sqlite_scheme} + file_.string(); }
  std::string about() const override { return std::string{"SQLite "} + sqlite3_libversion(); }
  std::optional<std::uint64_t> counted() override { return std::nullopt; }

 private:
  std::filesystem::path file_;
  database_handle database_;
};

/// One connection with its prepared query. Its address is known to SQLite: it does not move.
class reader {
 public:
  reader(const std::filesystem::path& file, query_log& log)
      : log_{log}, database_{open_sqlite(file)} {
    sqlite3_trace_v2(database_.get(), SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, traced, this);
    if (sqlite3_create_function(database_.get(), "takes_us", 2, SQLITE_UTF8, nullptr, takes_us,
                                nullptr, nullptr) != SQLITE_OK) {
      fail_sqlite(database_.get(), "adding a function");
    }
    query_ = prepare_sqlite(database_.get(), query_text);
  }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  std::optional<std::string> ask(const origin::query& what) {
    key_ = what.key;
    bind_text(query_.get(), 1, what.key);
    sqlite3_bind_int64(query_.get(), 2, what.takes.count());
    sqlite3_bind_int(query_.get(), 3, what.fails ? 1 : 0);
    const std::int64_t begun = now_ns();
    const int code = sqlite3_step(query_.get());
    std::optional<std::string> value;
    std::string error;
    if (code != SQLITE_ROW) {
      error = sqlite3_errmsg(database_.get());
    } else if (sqlite3_column_type(query_.get(), 1) != SQLITE_NULL) {
      value = value_of(what.key, text_column(query_.get(), 1),
                       {.version = static_cast<std::uint64_t>(sqlite3_column_int64(query_.get(), 2)),
                        .read_at = begun});
    }
    sqlite3_reset(query_.get());
    if (code != SQLITE_ROW) throw std::runtime_error{"SQLite: " + error};
    return value;
  }

 private:
  static int traced(unsigned what, void* self, void*, void*) {
    auto& of = *static_cast<reader*>(self);
    if (what == SQLITE_TRACE_STMT) of.place_ = of.log_.begin(of.key_);
    if (what == SQLITE_TRACE_PROFILE) of.log_.end(of.place_);
    return 0;
  }

  query_log& log_;
  std::string_view key_;   // of the running query
  std::size_t place_ = 0;  // its place in the log
  database_handle database_;
  statement_handle query_;
};

class sqlite_client final : public origin {
 public:
  sqlite_client(const std::filesystem::path& file, query_log& log, unsigned connections)
      : file_{file}, log_{log} {
    for (unsigned i = 0; i < connections; ++i) {
      idle_.push_back(std::make_unique<reader>(file_, log_));
    }
  }

  std::optional<std::string> ask(const query& what) override {
    struct borrowed {
      sqlite_client& from;
      std::unique_ptr<reader> one;
      ~borrowed() { from.put_back(std::move(one)); }
    } mine{*this, take()};
    return mine.one->ask(what);
  }

  std::uint64_t change(std::string_view key) override {
    const std::lock_guard held{changing_};
    if (!writer_) writer_ = open_sqlite(file_);
    run_sqlite(writer_.get(), "BEGIN IMMEDIATE");
    try {
      const std::uint64_t version = change_within(key);
      run_sqlite(writer_.get(), "COMMIT");
      return version;
    } catch (...) {
      sqlite3_exec(writer_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

 private:
  std::uint64_t change_within(std::string_view key) {
    const statement_handle look =
        prepare_sqlite(writer_.get(), "SELECT version FROM profile WHERE name = ?1");
    bind_text(look.get(), 1, key);
    if (sqlite3_step(look.get()) != SQLITE_ROW) {
      throw std::runtime_error{"SQLite: no row to change for " + std::string{key}};
    }
    const auto version = static_cast<std::uint64_t>(sqlite3_column_int64(look.get(), 0)) + 1;
    const statement_handle update = prepare_sqlite(
        writer_.get(), "UPDATE profile SET body = ?2, version = version + 1 WHERE name = ?1");
    bind_text(update.get(), 1, key);
    bind_text(update.get(), 2, body_of(key, version));
    if (sqlite3_step(update.get()) != SQLITE_DONE) fail_sqlite(writer_.get(), "changing a row");
    return version;
  }

  std::unique_ptr<reader> take() {
    {
      const std::lock_guard held{guard_};
      if (!idle_.empty()) {
        std::unique_ptr<reader> mine = std::move(idle_.back());
        idle_.pop_back();
        return mine;
      }
    }
    return std::make_unique<reader>(file_, log_);
  }

  void put_back(std::unique_ptr<reader> one) {
    const std::lock_guard held{guard_};
    idle_.push_back(std::move(one));
  }

  const std::filesystem::path file_;
  query_log& log_;
  std::mutex guard_;
  std::vector<std::unique_ptr<reader>> idle_;  // guarded by guard_; as many as ran at once
  std::mutex changing_;
  database_handle writer_;  // guarded by changing_; without a trace: changes are no queries
};

}  // namespace

std::unique_ptr<origin_owner> make_sqlite_origin(const std::filesystem::path& folder) {
  return std::make_unique<sqlite_owner>(folder);
}

std::unique_ptr<origin> open_sqlite_origin(const std::filesystem::path& file, query_log& log,
                                           unsigned connections) {
  return std::make_unique<sqlite_client>(file, log, connections);
}

}  // namespace drover::simulate
