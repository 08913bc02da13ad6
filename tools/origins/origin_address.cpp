// SPDX-License-Identifier: MIT
#include "origins/origin_address.hpp"

namespace drover::simulate {

std::optional<origin_choice> parse_origin(std::string_view text) {
  using kind = origin_choice::kind;
  if (text == "sqlite") return origin_choice{kind::sqlite, ""};
  if (text == "postgresql") return origin_choice{kind::postgresql_private, ""};
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (text.starts_with(scheme) && text.size() > scheme.size()) {
      return origin_choice{kind::postgresql, std::string{text}};
    }
  }
  return std::nullopt;
}

std::string without_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string{url};
  const std::size_t begin = scheme + 3;
  const std::size_t end = url.find_first_of("/?#", begin);
  // A password may contain an @ of its own: the last one ends it.
  const std::size_t at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string{url};
  const std::size_t colon = url.find(':', begin);
  if (colon == std::string_view::npos || colon > at) return std::string{url};
  return std::string{url.substr(0, colon)} + std::string{url.substr(at)};
}

}  // namespace drover::simulate
