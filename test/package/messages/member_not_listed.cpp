// SPDX-License-Identifier: MIT
// says: this struct has more members than its drover::member_codec lists
#include <drover/codec.hpp>

struct user {
  int id = 0;
  std::optional<std::string> nickname;
};
template <>
struct drover::codec<user> : drover::member_codec<user, &user::id> {};

int main() { return drover::codec<user>::decode("").has_value() ? 0 : 1; }
