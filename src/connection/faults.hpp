// SPDX-License-Identifier: MIT
// Makes faults without throwing: if there is no memory for the text, the text is empty. Pure.
#pragma once

#include <drover/fault.hpp>

#include <string_view>

namespace drover::connection {

[[nodiscard]] inline fault fault_of(fault_code code, std::string_view text) noexcept {
  fault out;
  out.code = code;
  try {
    out.text = text;
  } catch (...) {
    out.text.clear();
  }
  return out;
}

[[nodiscard]] inline fault copy_of(const fault& why) noexcept {
  return fault_of(why.code, why.text);
}

}  // namespace drover::connection
