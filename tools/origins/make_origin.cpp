// SPDX-License-Identifier: MIT
#include "origins/make_origin.hpp"

#include <stdexcept>
#include <string_view>

#include "origins/sqlite_origin.hpp"

namespace drover::simulate {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

}  // namespace

std::unique_ptr<origin_owner> make_origin(const origin_choice& which,
                                          const std::filesystem::path& folder) {
  if (which.which == origin_choice::kind::sqlite) return std::make_unique<sqlite_owner>(folder);
  throw std::runtime_error{"PostgreSQL is not supported yet"};
}

std::unique_ptr<origin> open_origin(const std::string& address, query_log& log,
                                    unsigned connections) {
  if (!address.starts_with(sqlite_scheme)) throw std::runtime_error{"no origin at " + address};
  return std::make_unique<sqlite_origin>(address.substr(sqlite_scheme.size()), log, connections);
}

}  // namespace drover::simulate
