// SPDX-License-Identifier: MIT
// The names of a cache's keys in Redis: V = <name>:1.<schema>:v:{=<key>}, L and W with l and w.
// Keys over 200 bytes stand as {#<base64url of the first 16 bytes of their SHA-256>}.
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
  /// A key under the same name that no user key can collide with. `id`: letters, digits, '-'.
  [[nodiscard]] std::string canary_key(std::string_view id) const;
  [[nodiscard]] std::uint64_t digest(std::string_view key) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint32_t schema() const noexcept { return schema_; }

 private:
  [[nodiscard]] std::string key_of(char kind, std::string_view key) const;

  std::string name_;
  std::uint32_t schema_;
};

/// A key of ours, taken apart.
struct key_parts {
  std::string_view name;
  std::uint32_t schema = 0;
  char kind = 'v';       ///< v, l, w; c: a canary
  std::string_view key;  ///< behind the `=`; of a long one `#` and its digest; of a canary its id
};

/// nullopt: no `key_space` names a key so.
[[nodiscard]] std::optional<key_parts> parts_of(std::string_view redis_key) noexcept;

/// The value key that a wake channel belongs to; the text unchanged when it is no wake channel.
[[nodiscard]] std::string value_key_of_wake_channel(std::string wake_channel);

}  // namespace drover::entry
