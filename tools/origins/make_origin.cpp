// SPDX-License-Identifier: MIT
#include "origins/make_origin.hpp"

#include <stdexcept>

#include "origins/sqlite_origin.hpp"

namespace drover::simulate {

std::unique_ptr<origin_owner> make_origin(const origin_choice& which,
                                          const std::filesystem::path& folder, unsigned) {
  if (which.which == origin_choice::kind::sqlite) return make_sqlite_origin(folder);
  throw std::runtime_error{"no such origin"};
}

std::unique_ptr<origin> open_origin(const std::string& address, query_log& log,
                                    unsigned connections) {
  if (address.starts_with(sqlite_scheme)) {
    return open_sqlite_origin(address.substr(sqlite_scheme.size()), log, connections);
  }
  throw std::runtime_error{"no origin at " + address};
}

}  // namespace drover::simulate
