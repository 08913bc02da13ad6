// SPDX-License-Identifier: MIT
// Values as JSON, with nlohmann-json (Debian: nlohmann-json3-dev). The application links that
// library's headers; Drover itself does not need them.
#pragma once

#include <drover/codec.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace drover {

/// The codec of a type that nlohmann-json converts: with `to_json` and `from_json`, or one of its
/// macros. The type must be default-constructible:
///
///     NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(user, id, name)
///     template <>
///     struct drover::codec<user> : drover::json_codec<user> {};
///
/// The bytes are JSON without white space, for people and programs in other languages. Raise
/// `cache_options::schema` when other processes could not read them any more. nlohmann-json
/// converts a number that does not fit the type of its member without a check.
///
/// Throws:  `encode` throws `nlohmann::json::exception`, for example for a string that is not
///          UTF-8. `decode` throws only what `from_json` throws besides.
/// Threads: as `codec`.
template <class T>
struct json_codec {
  static std::string encode(const T& value) { return nlohmann::json(value).dump(); }

  static result<T> decode(std::string_view bytes) {
    try {
      return nlohmann::json::parse(bytes).template get<T>();
    } catch (const nlohmann::json::exception& thrown) {
      return fault{fault_code::corrupt, thrown.what()};
    }
  }
};

/// JSON of any form.
template <>
struct codec<nlohmann::json> {
  static std::string encode(const nlohmann::json& value) { return value.dump(); }
  static result<nlohmann::json> decode(std::string_view bytes) {
    nlohmann::json value = nlohmann::json::parse(bytes, nullptr, false);
    if (value.is_discarded()) return fault{fault_code::corrupt, "not JSON"};
    return result<nlohmann::json>{std::move(value)};
  }
};

}  // namespace drover
