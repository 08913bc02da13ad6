// SPDX-License-Identifier: MIT
// Writes commands as RESP arrays of bulk strings, the only form that carries every byte.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace drover::resp {

/// Appends one command to `out`. Precondition: at least one argument.
void write_command(std::string& out, std::span<const std::string_view> arguments);
void write_command(std::string& out, std::initializer_list<std::string_view> arguments);

/// Appends a command in parts: `begin_command(out, n)`, then n calls of `write_argument`.
void begin_command(std::string& out, std::size_t arguments);
void write_argument(std::string& out, std::string_view argument);
void write_argument(std::string& out, std::int64_t number);

}  // namespace drover::resp
