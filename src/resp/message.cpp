// SPDX-License-Identifier: MIT
#include "resp/message.hpp"

#include "base/assert.hpp"

namespace drover::resp {

bool view::is_string() const noexcept {
  switch (kind()) {
    case type::simple_string:
    case type::bulk_string:
    case type::verbatim_string: return true;
    default: return false;
  }
}

std::string_view view::text() const noexcept {
  const node& current = at();
  return std::string_view{message_->text}.substr(current.offset, current.length);
}

std::size_t view::size() const noexcept {
  return is_aggregate(kind()) ? static_cast<std::size_t>(at().integer) : 0;
}

view view::operator[](std::size_t i) const noexcept {
  DROVER_ASSERT(i < size());
  std::size_t child = index_ + 1;
  for (; i > 0; --i) child += message_->nodes[child].subtree;
  return view{*message_, child};
}

}  // namespace drover::resp
