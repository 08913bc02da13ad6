// SPDX-License-Identifier: MIT
// The names of a cache's keys in Redis: V = <name>:1.<schema>:v:{=<key>}; L and W have l and w in
// place of v. A key of more than 200 bytes is written as {#<base64url of the first 16 bytes of its
// SHA-256>}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::entry {

inline constexpr std::size_t long_key_size = 200;

/// Names keys for one namespace and schema. Immutable: safe from any thread.
class key_space {
 public:
  /// Precondition: `is_valid_name(name)`.
  key_space(std::string name, std::uint32_t schema);

  /// [A-Za-z0-9_.-]{1,64}
  [[nodiscard]] static bool is_valid_name(std::string_view name) noexcept;

  [[nodiscard]] std::string value_key(std::string_view key) const { return key_of('v', key); }
  [[nodiscard]] std::string refresh_mark_key(std::string_view key) const {
    return key_of('l', key);
  }
  [[nodiscard]] std::string wake_channel(std::string_view key) const { return key_of('w', key); }
  /// A key under the same name that cannot collide with a user's key. `id` consists of letters,
  /// digits and '-'.
  [[nodiscard]] std::string canary_key(std::string_view id) const;
  [[nodiscard]] std::uint64_t digest(std::string_view key) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint32_t schema() const noexcept { return schema_; }

 private:
  [[nodiscard]] std::string key_of(char kind, std::string_view key) const;

  std::string name_;
  std::uint32_t schema_;
};

/// The parts of a key of the library.
struct key_parts {
  std::string_view name;
  std::uint32_t schema = 0;
  char kind = 'v';  ///< v, l or w; c for a canary
  /// The text after `=`; `#` and the digest for a long key; the id for a canary.
  std::string_view key;
};

/// nullopt: `redis_key` is not a key of the library.
[[nodiscard]] std::optional<key_parts> parts_of(std::string_view redis_key) noexcept;

/// The value key that belongs to a wake channel. Returns the text unchanged when it is not a wake
/// channel.
[[nodiscard]] std::string value_key_of_wake_channel(std::string wake_channel);

}  // namespace drover::entry
