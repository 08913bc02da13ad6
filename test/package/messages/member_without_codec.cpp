// SPDX-License-Identifier: MIT
// says: a listed member has a type without a drover::codec
// says: address
#include <drover/codec.hpp>

struct address {
  std::string street;
};
struct user {
  int id = 0;
  address home;
};
template <>
struct drover::codec<user> : drover::member_codec<user, &user::id, &user::home> {};

int main() { return static_cast<int>(drover::codec<user>::encode({}).size()); }
