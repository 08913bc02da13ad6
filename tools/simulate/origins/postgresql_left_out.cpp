// SPDX-License-Identifier: MIT
// Replaces the files that need libpqxx in a build without it.
#include <stdexcept>

#include "simulate/origins/postgresql.hpp"

namespace drover::simulate {
namespace {

constexpr const char* remedy =
    "this drover was built without PostgreSQL: install libpqxx (on Debian: apt-get install "
    "libpqxx-dev) and build it again";

}  // namespace

std::string missing_postgresql_requirement(const origin_choice&, const origin_settings&) {
  return remedy;
}

std::unique_ptr<origin_owner> make_postgresql(const origin_choice&, const origin_settings&,
                                              const process::signal_watch&) {
  throw std::runtime_error{remedy};
}

std::unique_ptr<origin> open_postgresql(const std::string&, query_log&, unsigned) {
  throw std::runtime_error{remedy};
}

}  // namespace drover::simulate
