// SPDX-License-Identifier: MIT
// The loaders that a cache accepts, and their conversion to `erased_loader`. Not for users.
//
// A static_assert rejects a loader of another shape and shows the accepted signatures. The members
// that take a loader have no constraint, because the message of a failed constraint would name the
// concepts of this file instead.
#pragma once

#include <drover/detail/engine.hpp>
#include <drover/loader.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace drover::detail {

template <class Loader, class Key>
concept takes_load = std::is_invocable_v<Loader&, Key, load&>;

template <class Loader, class Key>
concept takes_key = takes_load<Loader, Key> || std::is_invocable_v<Loader&, Key>;

/// The type in which a loader takes the key. A loader that takes a `std::string` gets a copy.
template <class Loader>
using key_of =
    std::conditional_t<takes_key<Loader, std::string_view>, std::string_view, const std::string&>;

template <class Loader>
concept callable_for_key = takes_key<Loader, key_of<Loader>>;

template <class Key, class Loader>
decltype(auto) call_loader(Loader& loader, Key key, load& run) {
  if constexpr (takes_load<Loader, Key>) {
    return std::invoke(loader, key, run);
  } else {
    return std::invoke(loader, key);
  }
}

/// The return type of a callable for one key, references included.
template <callable_for_key Loader>
using answer_of = decltype(call_loader<key_of<Loader>>(
    std::declval<Loader&>(), std::declval<key_of<Loader>>(), std::declval<load&>()));

template <class Answer, class T>
concept loadable_as = std::same_as<std::remove_cvref_t<Answer>, loaded<T>> ||
    std::same_as<std::remove_cvref_t<Answer>, std::optional<T>> || std::convertible_to<Answer, T>;

/// A callable that asks the origin for one key: `R(Key)` or `R(Key, load&)` with Key one of
/// `std::string_view` and `const std::string&`, and R one of `T` (or what converts to it),
/// `std::optional<T>`, `loaded<T>`.
template <class Loader, class T>
concept loads = callable_for_key<Loader> && loadable_as<answer_of<Loader>, T>;

/// Converts the answer while the key is alive, because the answer may refer to it.
template <class T, class Key, class Loader>
[[nodiscard]] loaded<T> load_value(Loader& loader, Key key, load& run) {
  using answer = std::remove_cvref_t<answer_of<Loader>>;
  if constexpr (std::same_as<answer, loaded<T>> || std::same_as<answer, std::optional<T>>) {
    return loaded<T>(call_loader<Key>(loader, key, run));
  } else {
    return loaded<T>(T(call_loader<Key>(loader, key, run)));
  }
}

template <class T, class Loader>
[[nodiscard]] erased_load run_loader(Loader& loader, std::string_view key, load& run) {
  // If the loader takes a string, the temporary string lives until the end of this statement.
  loaded<T> answer = load_value<T, key_of<Loader>>(
      loader, static_cast<std::remove_cvref_t<key_of<Loader>>>(key), run);
  erased_load erased;
  if (answer.value) erased.value = std::make_shared<const T>(*std::move(answer.value));
  erased.ttl = answer.ttl ? answer.ttl : run.ttl();
  erased.store = answer.store;
  return erased;
}

template <class T, class Loader>
void check_loader() {
  static_assert(callable_for_key<Loader>,
                "drover: a loader is called with a key. It must be callable as "
                "R(std::string_view key), R(std::string_view key, drover::load& run), "
                "R(const std::string& key) or R(const std::string& key, drover::load& run), "
                "where R is the cache's T, std::optional<T> or drover::loaded<T>");
  if constexpr (callable_for_key<Loader>) {
    static_assert(loadable_as<answer_of<Loader>, T>,
                  "drover: a loader returns the cache's T (or a type that converts to it), "
                  "std::optional<T> or drover::loaded<T>; this one returns another type");
  }
}

/// Owns the loader. `std::function` copies what it holds, so a loader that cannot be copied is held
/// by a pointer.
template <class T, class Loader>
[[nodiscard]] erased_loader erase_loader(Loader loader) {
  check_loader<T, Loader>();
  if constexpr (!loads<Loader, T>) {
    return {};
  } else if constexpr (std::copy_constructible<Loader>) {
    return [loader = std::move(loader)](std::string_view key, load& run) mutable {
      return run_loader<T>(loader, key, run);
    };
  } else {
    return [loader = std::make_shared<Loader>(std::move(loader))](std::string_view key, load& run) {
      return run_loader<T>(*loader, key, run);
    };
  }
}

}  // namespace drover::detail
