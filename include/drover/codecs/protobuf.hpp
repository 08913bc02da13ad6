// SPDX-License-Identifier: MIT
// Messages of Protocol Buffers as values (Debian: libprotobuf-dev). The application links that
// library; Drover itself does not need it.
#pragma once

#include <drover/codec.hpp>

#include <google/protobuf/message_lite.h>

#include <concepts>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace drover {

/// The codec of all messages. Old and new versions of a message read each other's bytes, so a new
/// field needs no new `cache_options::schema`. If the processes must not read values without the
/// new field, raise it.
///
/// Throws:  `encode` throws `std::invalid_argument` when a required field is missing, and
///          `std::length_error` for a message of 2 GiB.
/// Threads: as `codec`.
template <std::derived_from<google::protobuf::MessageLite> Message>
struct codec<Message> {
  static std::string encode(const Message& value) {
    if (!value.IsInitialized()) {
      throw std::invalid_argument{"fields are missing: " + value.InitializationErrorString()};
    }
    std::string bytes;
    if (!value.SerializePartialToString(&bytes)) throw std::length_error{"a message of 2 GiB"};
    return bytes;
  }

  static result<Message> decode(std::string_view bytes) {
    Message value;
    if (bytes.size() > std::size_t{std::numeric_limits<int>::max()} ||
        !value.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        !value.IsInitialized()) {
      return fault{fault_code::corrupt, "not a message of this type"};
    }
    return result<Message>{std::move(value)};
  }
};

}  // namespace drover
