// SPDX-License-Identifier: MIT
#include "audit/rules/evidence_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "audit/capture/key_pattern.hpp"

namespace drover::audit {
namespace {

constexpr std::string_view session_words =
    "session sessions sess sid token tokens jwt refresh_token access_token presence online cart "
    "carts csrf xsrf login logins";

std::string with_unit(double number, const char* unit) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), number < 10 ? "%.1f %s" : "%.0f %s", number, unit);
  return text.data();
}

}  // namespace

std::string share_in_words(std::uint64_t part, std::uint64_t whole) {
  const double percentage =
      whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percentage == 0.0 || percentage >= 10.0) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.0f %%", percentage);
    return text.data();
  }
  return with_unit(percentage, "%");
}

std::string bytes_in_words(std::uint64_t bytes) {
  if (bytes < 1000) return counted(bytes, "byte", "bytes");
  if (bytes < 1000 * 1000) return with_unit(static_cast<double>(bytes) / 1e3, "KB");
  return with_unit(static_cast<double>(bytes) / 1e6, "MB");
}

void add_decisive(decisive_operations& list, key_ref key,
                  const std::optional<op_summary>& operation) {
  if (operation) list.push_back({key, *operation});
}

evidence proof_of(const rule_context& context, const key_state& key, moment from, moment to,
                  std::string summary, key_ref other, const decisive_operations& decisive) {
  evidence proof;
  proof.summary = std::move(summary);
  proof.key = key.name;
  proof.from = from;
  proof.to = to;
  const std::array<key_ref, 2> keys{key.ref, other};
  proof.timeline = context.timeline({keys.data(), other.is_set() ? 2U : 1U}, from, to, decisive);
  return proof;
}

bool has_word_of(std::string_view name, std::string_view list) {
  std::string lower{name};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  const auto words = words_of(lower);
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (std::find(words.begin(), words.end(), list.substr(0, end)) != words.end()) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool looks_like_session(std::string_view name) { return has_word_of(name, session_words); }

}  // namespace drover::audit
