// SPDX-License-Identifier: MIT
#include "origins/sqlite_database.hpp"

#include <stdexcept>

namespace drover::simulate {
namespace {

/// How long a statement waits for another's lock: longer than any commit here takes.
constexpr int busy_ms = 20'000;

}  // namespace

void fail_sqlite(sqlite3* database, const std::string& doing) {
  throw std::runtime_error{"SQLite, " + doing + ": " + sqlite3_errmsg(database)};
}

database_handle open_sqlite(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database_handle handle{opened};
  if (code != SQLITE_OK) fail_sqlite(opened, "opening " + file.string());
  sqlite3_busy_timeout(opened, busy_ms);
  return handle;
}

statement_handle prepare_sqlite(sqlite3* database, const char* text) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v2(database, text, -1, &made, nullptr) != SQLITE_OK) {
    fail_sqlite(database, text);
  }
  return statement_handle{made};
}

void run_sqlite(sqlite3* database, const char* text) {
  if (sqlite3_exec(database, text, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail_sqlite(database, text);
  }
}

void bind_text(sqlite3_stmt* statement, int place, std::string_view text) {
  sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

std::string text_column(sqlite3_stmt* statement, int column) {
  const auto* const text = sqlite3_column_text(statement, column);
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

}  // namespace drover::simulate
