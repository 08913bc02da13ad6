// SPDX-License-Identifier: MIT
// Values as MessagePack, with msgpack-cxx (Debian: libmsgpack-cxx-dev). The application needs that
// library's headers; Drover itself does not.
#pragma once

#include <drover/codec.hpp>

#include <msgpack.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace drover {

namespace detail {

struct string_sink {
  std::string& bytes;
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

/// Accepts what nests at most 100 levels deep. It allocates nothing.
struct msgpack_depth_check : msgpack::null_visitor {
  int depth = 0;
  bool start_array(std::uint32_t) { return ++depth <= 100; }
  bool start_map(std::uint32_t) { return ++depth <= 100; }
  bool end_array() { return --depth, true; }
  bool end_map() { return --depth, true; }
};

}  // namespace detail

/// The codec of a type that msgpack-cxx packs: with `MSGPACK_DEFINE`, `MSGPACK_DEFINE_MAP` or an
/// adaptor. The type must be default-constructible and must own its contents:
///
///     struct user {
///       int id = 0;
///       std::string name;
///       MSGPACK_DEFINE(id, name)
///     };
///     template <>
///     struct drover::codec<user> : drover::msgpack_codec<user> {};
///
/// `MSGPACK_DEFINE` writes no names: raise `cache_options::schema` when the order or the meaning of
/// the members changes. Bytes that nest more than 100 levels deep are corrupt.
///
/// Throws:  `encode` throws what the packing of a member throws.
/// Threads: as `codec`.
template <class T>
struct msgpack_codec {
  static std::string encode(const T& value) {
    std::string bytes;
    detail::string_sink sink{bytes};
    msgpack::pack(sink, value);
    return bytes;
  }

  static result<T> decode(std::string_view bytes) {
    // msgpack::unpack allocates for a count before it has seen the elements. So the bytes are
    // checked for being complete first, without an allocation.
    detail::msgpack_depth_check check;
    std::size_t size = 0;
    if (!msgpack::parse(bytes.data(), bytes.size(), size, check) || size != bytes.size()) {
      return fault{fault_code::corrupt, "not a single MessagePack value"};
    }
    try {
      const auto refer = [](msgpack::type::object_type, std::size_t, void*) { return true; };
      const msgpack::object_handle read = msgpack::unpack(bytes.data(), bytes.size(), refer);
      T value{};
      read.get().convert(value);
      return result<T>{std::move(value)};
    } catch (const msgpack::type_error&) {
      return fault{fault_code::corrupt, "MessagePack of another type"};
    } catch (const msgpack::unpack_error& thrown) {
      return fault{fault_code::corrupt, thrown.what()};
    }
  }
};

}  // namespace drover
