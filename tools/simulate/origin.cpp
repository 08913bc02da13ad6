// SPDX-License-Identifier: MIT
#include "simulate/origin.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <thread>
#include <utility>

#include "simulate/board.hpp"

namespace drover::simulate {
namespace {

constexpr const char* query_text = "SELECT body FROM profile WHERE name = ?1 AND takes_ms(?2)";

struct close_database {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct end_statement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using database_handle = std::unique_ptr<sqlite3, close_database>;
using statement_handle = std::unique_ptr<sqlite3_stmt, end_statement>;

[[noreturn]] void fail(sqlite3* database, const std::string& doing) {
  throw std::runtime_error{"SQLite, " + doing + ": " + sqlite3_errmsg(database)};
}

database_handle open(const std::filesystem::path& file, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_handle handle{opened};
  if (code != SQLITE_OK) fail(opened, "opening " + file.string());
  return handle;
}

statement_handle prepare(sqlite3* database, const char* text) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v2(database, text, -1, &made, nullptr) != SQLITE_OK) fail(database, text);
  return statement_handle{made};
}

void bind(sqlite3_stmt* statement, int place, std::string_view text) {
  sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

/// The SQL function takes_ms(n): true, after n milliseconds.
void takes_ms(sqlite3_context* context, int, sqlite3_value** arguments) {
  std::this_thread::sleep_for(std::chrono::milliseconds{sqlite3_value_int64(arguments[0])});
  sqlite3_result_int(context, 1);
}

}  // namespace

std::string row_for(std::string_view key) {
  std::string row = "{\"name\":\"" + std::string{key} + "\",\"body\":\"";
  while (row.size() < 250) row += std::string{key} + ' ';
  return row + "\"}";
}

void create_origin(const std::filesystem::path& file, std::span<const std::string> keys) {
  const database_handle database = open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const char* const schema =
      "BEGIN; CREATE TABLE profile (name TEXT PRIMARY KEY, body TEXT NOT NULL)";
  if (sqlite3_exec(database.get(), schema, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(database.get(), schema);
  }
  const statement_handle insert = prepare(database.get(), "INSERT INTO profile VALUES (?1, ?2)");
  for (const std::string& key : keys) {
    bind(insert.get(), 1, key);
    bind(insert.get(), 2, row_for(key));
    if (sqlite3_step(insert.get()) != SQLITE_DONE) fail(database.get(), "inserting a row");
    sqlite3_reset(insert.get());
  }
  if (sqlite3_exec(database.get(), "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(database.get(), "COMMIT");
  }
}

/// One connection with its prepared query. Its address is known to SQLite: it does not move.
class origin::reader {
 public:
  reader(const std::filesystem::path& file, board& log)
      : log_{log}, database_{open(file, SQLITE_OPEN_READONLY)} {
    sqlite3_trace_v2(database_.get(), SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, traced, this);
    if (sqlite3_create_function(database_.get(), "takes_ms", 1, SQLITE_UTF8, nullptr, takes_ms,
                                nullptr, nullptr) != SQLITE_OK) {
      fail(database_.get(), "adding a function");
    }
    query_ = prepare(database_.get(), query_text);
  }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  std::string ask(std::string_view key, std::chrono::milliseconds load) {
    bind(query_.get(), 1, key);
    sqlite3_bind_int64(query_.get(), 2, load.count());
    const int code = sqlite3_step(query_.get());
    std::string row;
    if (code == SQLITE_ROW) {
      row.assign(reinterpret_cast<const char*>(sqlite3_column_text(query_.get(), 0)),
                 static_cast<std::size_t>(sqlite3_column_bytes(query_.get(), 0)));
    }
    const std::string error = sqlite3_errmsg(database_.get());
    sqlite3_reset(query_.get());
    if (code == SQLITE_DONE) throw std::runtime_error{"SQLite: no row for " + std::string{key}};
    if (code != SQLITE_ROW) throw std::runtime_error{"SQLite: " + error};
    return row;
  }

 private:
  static int traced(unsigned what, void* self, void*, void*) {
    auto& of = *static_cast<reader*>(self);
    if (what == SQLITE_TRACE_STMT) of.place_ = of.log_.begin_query();
    if (what == SQLITE_TRACE_PROFILE) of.log_.end_query(of.place_);
    return 0;
  }

  board& log_;
  std::size_t place_ = 0;  // of the running query in the log
  database_handle database_;
  statement_handle query_;
};

origin::origin(const std::filesystem::path& file, board& log, std::chrono::milliseconds load,
               unsigned connections)
    : file_{file}, log_{log}, load_{load} {
  idle_.reserve(connections);
  for (unsigned i = 0; i < connections; ++i) idle_.push_back(std::make_unique<reader>(file_, log_));
}

origin::~origin() = default;

std::string origin::ask(std::string_view key) {
  log_.count().asked.fetch_add(1);
  std::unique_ptr<reader> mine = take();
  std::string row = mine->ask(key, load_);
  const std::lock_guard held{guard_};
  idle_.push_back(std::move(mine));
  return row;
}

std::unique_ptr<origin::reader> origin::take() {
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

}  // namespace drover::simulate
