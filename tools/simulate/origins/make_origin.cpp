// SPDX-License-Identifier: MIT
#include "simulate/origins/make_origin.hpp"

#include <stdexcept>
#include <string_view>

#include "simulate/origins/postgresql.hpp"
#include "simulate/origins/sqlite_origin.hpp"

namespace drover::simulate {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

}  // namespace

std::string missing_requirement(const origin_choice& choice, const origin_settings& plan) {
  if (choice.which == origin_choice::kind::sqlite) return "";
  return missing_postgresql_requirement(choice, plan);
}

std::unique_ptr<origin_owner> make_origin(const origin_choice& choice, const origin_settings& plan,
                                          const process::signal_watch& signals) {
  if (choice.which == origin_choice::kind::sqlite)
    return std::make_unique<sqlite_owner>(plan.folder);
  return make_postgresql(choice, plan, signals);
}

std::unique_ptr<origin> open_origin(const std::string& address, query_log& log,
                                    unsigned connections) {
  if (address.starts_with(postgresql_scheme)) {
    return open_postgresql(address.substr(postgresql_scheme.size()), log, connections);
  }
  if (!address.starts_with(sqlite_scheme)) throw std::runtime_error{"no origin at " + address};
  return std::make_unique<sqlite_origin>(address.substr(sqlite_scheme.size()), log, connections);
}

}  // namespace drover::simulate
