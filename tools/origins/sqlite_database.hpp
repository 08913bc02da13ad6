// SPDX-License-Identifier: MIT
// SQLite's C interface with owners and exceptions.
//
// Threads: one at a time for a connection and all that belongs to it.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace drover::simulate {

struct close_database {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct end_statement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using database_handle = std::unique_ptr<sqlite3, close_database>;
using statement_handle = std::unique_ptr<sqlite3_stmt, end_statement>;

/// All throw std::runtime_error with SQLite's own words.
[[noreturn]] void fail_sqlite(sqlite3* database, const std::string& doing);
[[nodiscard]] database_handle open_sqlite(const std::filesystem::path& file);
[[nodiscard]] statement_handle prepare_sqlite(sqlite3* database, const char* text);
void run_sqlite(sqlite3* database, const char* text);
/// `text` is copied.
void bind_text(sqlite3_stmt* statement, int place, std::string_view text);
[[nodiscard]] std::string text_column(sqlite3_stmt* statement, int column);

}  // namespace drover::simulate
