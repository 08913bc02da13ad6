// SPDX-License-Identifier: MIT
#include "simulate/origins/sqlite_origin.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <thread>
#include <utility>

#include "simulate/origins/descriptor_limit.hpp"
#include "simulate/origins/row.hpp"

namespace drover::simulate {

struct end_statement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

namespace {

// The query joins the row to a row that always exists, so that `takes_us` also runs when there is
// no row in profile. `takes_us` comes last, so that the row has been read before it runs.
constexpr const char* sqlite_query_text =
    "SELECT profile.body, profile.version, takes_us(?2, ?3) "
    "FROM (SELECT 1) LEFT JOIN profile ON profile.name = ?1";
constexpr const char* change_text =
    "UPDATE profile SET version = version + 1, body = body_of(name, version + 1) "
    "WHERE name = ?1 RETURNING version";

// A change waits for the change of another process, which a busy machine may delay.
constexpr int busy_ms = 60'000;

using database_handle = std::shared_ptr<sqlite3>;
using statement_handle = std::unique_ptr<sqlite3_stmt, end_statement>;

[[noreturn]] void fail(sqlite3* database, const std::string& doing) {
  throw std::runtime_error{"SQLite, " + doing + ": " + sqlite3_errmsg(database)};
}

database_handle open(const std::filesystem::path& file, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_handle handle{opened, sqlite3_close_v2};
  if (code != SQLITE_OK) fail(opened, "opening " + file.string());
  sqlite3_busy_timeout(opened, busy_ms);
  return handle;
}

statement_handle prepare(sqlite3* database, const char* text) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database, text, -1, &prepared, nullptr) != SQLITE_OK) fail(database, text);
  return statement_handle{prepared};
}

void run(sqlite3* database, const char* text) {
  if (sqlite3_exec(database, text, nullptr, nullptr, nullptr) != SQLITE_OK) fail(database, text);
}

void bind_text(sqlite3_stmt* statement, int place, std::string_view text) {
  sqlite3_bind_text64(statement, place, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

using sql_function = void (*)(sqlite3_context*, int, sqlite3_value**);

void add_function(sqlite3* database, const char* name, sql_function function) {
  if (sqlite3_create_function(database, name, 2, SQLITE_UTF8, nullptr, function, nullptr,
                              nullptr) != SQLITE_OK) {
    fail(database, "adding a function");
  }
}

/// The SQL function takes_us(microseconds, fails). It sleeps, then returns true or an error.
void takes_us(sqlite3_context* context, int, sqlite3_value** arguments) {
  std::this_thread::sleep_for(std::chrono::microseconds{sqlite3_value_int64(arguments[0])});
  if (sqlite3_value_int(arguments[1]) != 0) {
    sqlite3_result_error(context, "the query failed as requested", -1);
  } else {
    sqlite3_result_int(context, 1);
  }
}

std::string_view text_of(const unsigned char* text, int bytes) {
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(bytes)};
}

/// The SQL function body_of(name, version).
void make_body(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto* const name = sqlite3_value_text(arguments[0]);
  const std::string body = body_of(text_of(name, sqlite3_value_bytes(arguments[0])),
                                   static_cast<std::uint64_t>(sqlite3_value_int64(arguments[1])));
  sqlite3_result_text64(context, body.data(), body.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

std::int64_t ticks_now() {
  return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

/// Resets the statement at the end of the scope, which releases its lock and lets it run again.
class statement_reset {
 public:
  explicit statement_reset(sqlite3_stmt* statement) : statement_{statement} {}
  ~statement_reset() { sqlite3_reset(statement_); }
  statement_reset(const statement_reset&) = delete;
  statement_reset& operator=(const statement_reset&) = delete;

 private:
  sqlite3_stmt* statement_;
};

}  // namespace

// When the last connection to a file in WAL mode closes, it removes the WAL, and the next
// connection creates it again. Both take an exclusive lock. The owner keeps one connection open to
// avoid this.
sqlite_owner::sqlite_owner(const std::filesystem::path& folder)
    : file_{std::filesystem::absolute(folder) / "origin.sqlite"},
      database_{open(file_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)} {
  run(database_.get(), "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  run(database_.get(),
      "CREATE TABLE profile (name TEXT PRIMARY KEY, body TEXT NOT NULL, version INTEGER NOT NULL)");
}

sqlite_owner::~sqlite_owner() = default;

void sqlite_owner::add_rows(std::span<const std::string> keys) {
  const statement_handle insert =
      prepare(database_.get(), "INSERT INTO profile (name, body, version) VALUES (?1, ?2, 1)");
  run(database_.get(), "BEGIN IMMEDIATE");
  try {
    for (const std::string& key : keys) {
      bind_text(insert.get(), 1, key);
      bind_text(insert.get(), 2, body_of(key, 1));
      if (sqlite3_step(insert.get()) != SQLITE_DONE) fail(database_.get(), "inserting a row");
      sqlite3_reset(insert.get());
    }
    run(database_.get(), "COMMIT");
  } catch (...) {
    sqlite3_reset(insert.get());
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

std::string sqlite_owner::address() const { return "sqlite:" + file_.string(); }

std::string sqlite_owner::about() const { return std::string{"SQLite "} + sqlite3_libversion(); }

/// One connection with its prepared query. The object must not move, because SQLite has its
/// address.
class sqlite_origin::reader {
 public:
  reader(const std::filesystem::path& file, query_log& log)
      : log_{log}, database_{open(file, SQLITE_OPEN_READONLY)} {
    sqlite3_trace_v2(database_.get(), SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, traced, this);
    add_function(database_.get(), "takes_us", takes_us);
    query_ = prepare(database_.get(), sqlite_query_text);
  }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  [[nodiscard]] static bool is_usable() noexcept { return true; }

  std::optional<std::string> ask(const query& request) {
    key_ = request.key;
    bind_text(query_.get(), 1, request.key);
    sqlite3_bind_int64(query_.get(), 2, request.takes.count());
    sqlite3_bind_int(query_.get(), 3, request.fails ? 1 : 0);
    const std::int64_t read_at = ticks_now();
    const statement_reset reset_at_end{query_.get()};
    if (sqlite3_step(query_.get()) != SQLITE_ROW) fail(database_.get(), "query");
    if (sqlite3_column_type(query_.get(), 0) == SQLITE_NULL) return std::nullopt;
    const auto* const body = sqlite3_column_text(query_.get(), 0);
    return value_of(request.key, text_of(body, sqlite3_column_bytes(query_.get(), 0)),
                    {.version = static_cast<std::uint64_t>(sqlite3_column_int64(query_.get(), 1)),
                     .read_at = read_at});
  }

 private:
  static int traced(unsigned event, void* self, void*, void*) {
    auto& connection = *static_cast<reader*>(self);
    if (event == SQLITE_TRACE_STMT) connection.place_ = connection.log_.begin(connection.key_);
    if (event == SQLITE_TRACE_PROFILE) connection.log_.end(connection.place_);
    return 0;
  }

  query_log& log_;
  std::string_view key_;   // of the running query
  std::size_t place_ = 0;  // of the running query in the log
  const database_handle database_;
  statement_handle query_;
};

/// The connection for changes, which are not traced.
class sqlite_origin::writer {
 public:
  explicit writer(const std::filesystem::path& file)
      : database_{open(file, SQLITE_OPEN_READWRITE)} {
    run(database_.get(), "PRAGMA synchronous = OFF");
    add_function(database_.get(), "body_of", make_body);
    change_ = prepare(database_.get(), change_text);
  }

  std::uint64_t change(std::string_view key) {
    bind_text(change_.get(), 1, key);
    const statement_reset reset_at_end{change_.get()};
    int code = sqlite3_step(change_.get());
    if (code == SQLITE_DONE) {
      throw std::runtime_error{"SQLite: no row to change for " + std::string{key}};
    }
    const std::int64_t version = sqlite3_column_int64(change_.get(), 0);
    while (code == SQLITE_ROW) code = sqlite3_step(change_.get());  // the last step commits
    if (code != SQLITE_DONE) fail(database_.get(), "changing a row");
    return static_cast<std::uint64_t>(version);
  }

 private:
  const database_handle database_;
  statement_handle change_;
};

sqlite_origin::sqlite_origin(const std::filesystem::path& file, query_log& log,
                             unsigned connections)
    : readers_{[file, &log] { return std::make_unique<reader>(file, log); },
               [connections] {
                 // Each connection opens the file and its WAL.
                 allow_descriptors(2 * (std::uint64_t{connections} + 1),
                                   std::to_string(connections) + " connections to SQLite");
                 return connections;
               }()},
      writer_{std::make_unique<writer>(file)} {}

sqlite_origin::~sqlite_origin() = default;

std::optional<std::string> sqlite_origin::ask(const query& request) {
  const connection_pool<reader>::lease connection{readers_};
  return connection->ask(request);
}

std::uint64_t sqlite_origin::change(std::string_view key) {
  const std::lock_guard held{change_mutex_};
  return writer_->change(key);
}

}  // namespace drover::simulate
