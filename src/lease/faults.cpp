// SPDX-License-Identifier: MIT
// Classifies error replies by the response that they call for.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "lease/commands.hpp"

namespace drover::lease {
namespace {

constexpr std::size_t shown_max = 200;

using namespace std::string_view_literals;

using classed = std::pair<std::string_view, fault_code>;

constexpr std::array codes{
    classed{"LOADING", fault_code::unreachable},    classed{"MASTERDOWN", fault_code::unreachable},
    classed{"READONLY", fault_code::unreachable},   classed{"CLUSTERDOWN", fault_code::unreachable},
    classed{"NOREPLICAS", fault_code::unreachable}, classed{"TRYAGAIN", fault_code::unreachable},
    classed{"OOM", fault_code::overloaded},         classed{"BUSY", fault_code::overloaded},
    classed{"MISCONF", fault_code::overloaded},     classed{"NOPERM", fault_code::unsupported},
    classed{"NOAUTH", fault_code::unsupported},     classed{"WRONGPASS", fault_code::unsupported},
    classed{"NOSCRIPT", fault_code::unsupported},   classed{"NOPROTO", fault_code::unsupported},
    classed{"DENIED", fault_code::unsupported},     classed{"MOVED", fault_code::unsupported},
    classed{"ASK", fault_code::unsupported},        classed{"CROSSSLOT", fault_code::unsupported},
    classed{"WRONGTYPE", fault_code::corrupt},
};

// The code ERR is not specific: servers and proxies distinguish these errors by their words only.
constexpr std::array phrases{
    classed{"max number of clients", fault_code::overloaded},
    classed{"unknown command", fault_code::unsupported},
    classed{"unknown subcommand", fault_code::unsupported},
    classed{"no permission", fault_code::unsupported},
    classed{"acl failure", fault_code::unsupported},
    classed{"can't run this command", fault_code::unsupported},
    classed{"in tracking mode", fault_code::unsupported},
    classed{"not allowed", fault_code::unsupported},
    classed{"not supported", fault_code::unsupported},
    classed{"unsupported", fault_code::unsupported},
    classed{"disabled", fault_code::unsupported},
};

// Errors about the permissions of this client, not about the abilities of the server.
constexpr std::array refusing_codes{"NOPERM"sv, "NOAUTH"sv, "WRONGPASS"sv, "DENIED"sv,
                                    "MOVED"sv,  "ASK"sv,    "CROSSSLOT"sv};
constexpr std::array refusing_phrases{"no permission"sv, "acl failure"sv,
                                      "can't run this command"sv};

std::string lowered(std::string_view text) {
  std::string low{text};
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return low;
}

fault_code code_of(std::string_view text) {
  const std::string_view first = text.substr(0, text.find(' '));
  for (const auto& [word, code] : codes) {
    if (first == word) return code;
  }
  const std::string low = lowered(text);
  for (const auto& [phrase, code] : phrases) {
    if (low.find(phrase) != std::string::npos) return code;
  }
  return fault_code::corrupt;
}

/// The text as printable ASCII, at most `shown_max` characters.
std::string escaped(std::string_view text) {
  std::string printable_text;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x20 && byte < 0x7F && c != '\\';
    if (printable_text.size() + (is_plain ? 1 : 4) > shown_max) break;
    if (is_plain) {
      printable_text += c;
    } else {
      printable_text += "\\x";
      printable_text += "0123456789abcdef"[byte >> 4U];
      printable_text += "0123456789abcdef"[byte & 0xFU];
    }
  }
  return printable_text;
}

}  // namespace

fault fault_of(std::string_view error_text) {
  // The error for an unknown command repeats its arguments, and those of HELLO contain the
  // password.
  const std::string_view reason =
      error_text.substr(0, error_text.find(", with args beginning with"));
  return {code_of(reason), escaped(reason)};
}

bool is_refusal(const fault& why) {
  if (why.code != fault_code::unsupported) return false;
  const std::string_view text = why.text;
  const std::string low = lowered(text);
  return std::ranges::find(refusing_codes, text.substr(0, text.find(' '))) !=
             refusing_codes.end() ||
         std::ranges::any_of(refusing_phrases, [&](std::string_view phrase) {
           return low.find(phrase) != std::string::npos;
         });
}

}  // namespace drover::lease
