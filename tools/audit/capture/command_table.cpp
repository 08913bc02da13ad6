// SPDX-License-Identifier: MIT
#include "audit/capture/command_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "audit/capture/command_list.hpp"
#include "base/assert.hpp"

namespace drover::audit {
namespace {

constexpr auto effects = std::to_array<std::pair<std::string_view, effect>>({
    {"SUBSCRIBE", effect::subscribe},
    {"PSUBSCRIBE", effect::psubscribe},
    {"SSUBSCRIBE", effect::ssubscribe},
    {"UNSUBSCRIBE", effect::unsubscribe},
    {"PUNSUBSCRIBE", effect::punsubscribe},
    {"SUNSUBSCRIBE", effect::sunsubscribe},
    {"HELLO", effect::hello},
    {"SELECT", effect::select},
    {"RESET", effect::reset},
    {"MULTI", effect::multi},
    {"EXEC", effect::exec},
    {"DISCARD", effect::discard},
    {"MONITOR", effect::monitor},
    {"SYNC", effect::sync},
    {"PSYNC", effect::sync},
    {"CLIENT REPLY", effect::client_reply},
    {"CLIENT SETNAME", effect::client_setname},
    {"CLIENT SETINFO", effect::client_setinfo},
    {"EVAL", effect::eval},
    {"EVAL_RO", effect::eval},
    {"EVALSHA", effect::evalsha},
    {"EVALSHA_RO", effect::evalsha},
    {"SCRIPT LOAD", effect::script_load},
    {"FCALL", effect::fcall},
    {"FCALL_RO", effect::fcall},
    {"FUNCTION LOAD", effect::function_load},
});

effect effect_of(std::string_view name) noexcept {
  const auto* const entry = std::find_if(effects.begin(), effects.end(),
                                         [&](const auto& item) { return item.first == name; });
  return entry == effects.end() ? effect::none : entry->second;
}

constexpr std::size_t name_max = 48;

/// Both words in upper case with a blank between them. Empty if the result would be too long.
class folded_name {
 public:
  folded_name(std::string_view first, std::string_view second) noexcept {
    const std::size_t size = first.size() + (second.empty() ? 0 : 1 + second.size());
    if (size > name_max) return;
    std::transform(first.begin(), first.end(), text_.begin(), upper);
    if (!second.empty()) {
      text_[first.size()] = ' ';
      std::transform(second.begin(), second.end(),
                     text_.begin() + static_cast<std::ptrdiff_t>(first.size() + 1), upper);
    }
    size_ = size;
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, name_max> text_{};
  std::size_t size_ = 0;
};

std::size_t slot_of(std::string_view name) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return static_cast<std::size_t>(hash ^ (hash >> 29U));
}

/// A hash table with open addressing, at most a quarter full: a lookup takes one hash and usually
/// one comparison.
class table {
 public:
  table() {
    for (const auto& list : {listed_commands(), module_commands()}) {
      for (const listed_command& command : list) {
        add(std::string{command.name}, command.arguments, false);
      }
    }
    for (const listed_container& container : listed_containers()) {
      add(std::string{container.name}, container.arguments, true);
      std::string_view rest = container.subcommands;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, end);
        add(std::string{container.name}.append(" ").append(word), container.arguments, false);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    std::size_t size = 64;
    while (size < 4 * entries_.size()) size *= 2;
    slots_.resize(size, none);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t slot = slot_of(entries_[i].spec.name()) & (size - 1);
      while (slots_[slot] != none) slot = (slot + 1) & (size - 1);
      slots_[slot] = static_cast<std::uint16_t>(i);
    }
  }

  [[nodiscard]] command_match find(std::string_view first, std::string_view second) const noexcept {
    const folded_name alone{first, {}};
    const entry* const main = at(alone.view());
    if (main == nullptr) return {};
    if (!main->is_container || second.empty()) return {&main->spec, 1};
    const folded_name both{first, second};
    const entry* const sub = at(both.view());
    return sub == nullptr ? command_match{&main->spec, 1} : command_match{&sub->spec, 2};
  }

 private:
  struct entry {
    command_spec spec;
    bool is_container;
  };
  static constexpr std::uint16_t none = 0xFFFF;

  void add(std::string name, std::string_view arguments, bool is_container) {
    const effect does = effect_of(name);
    entries_.push_back({command_spec{std::move(name), arguments, does}, is_container});
  }
  [[nodiscard]] const entry* at(std::string_view name) const noexcept {
    if (name.empty()) return nullptr;
    std::size_t slot = slot_of(name) & (slots_.size() - 1);
    for (; slots_[slot] != none; slot = (slot + 1) & (slots_.size() - 1)) {
      const entry& candidate = entries_[slots_[slot]];
      if (candidate.spec.name() == name) return &candidate;
    }
    return nullptr;
  }

  std::vector<entry> entries_;
  std::vector<std::uint16_t> slots_;
};

bool is_letter(char c) noexcept { return upper(c) >= 'A' && upper(c) <= 'Z'; }

}  // namespace

command_spec::command_spec(std::string name, std::string_view arguments, effect does)
    : name_{std::move(name)},
      does_{does},
      takes_secrets_{arguments.find('x') != std::string_view::npos} {
  steps_ = parse(arguments, '\0');
  DROVER_ASSERT(arguments.empty());
}

std::vector<command_spec::step> command_spec::parse(std::string_view& text, char until) {
  std::vector<step> out;
  while (!text.empty() && text[0] != until && !(until == ' ' && text[0] == ']')) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c == ' ') continue;
    if (c == '*') {
      out.back().repeats = true;
      continue;
    }
    step& next = out.emplace_back();
    next.symbol = c;
    if (c == '(') {
      next.group = parse(text, ')');
      text.remove_prefix(1);
    } else if (c == '[') {
      next.options = parse_options(text);
    }
  }
  std::size_t after = 0;
  for (auto entry = out.rbegin(); entry != out.rend(); ++entry) {
    entry->after = after;
    after += entry->symbol == '[' ? 0U : 1U;
  }
  return out;
}

std::vector<command_spec::option> command_spec::parse_options(std::string_view& text) {
  std::vector<option> out;
  while (text[0] != ']') {
    if (text[0] == ' ') {
      text.remove_prefix(1);
      continue;
    }
    option& next = out.emplace_back();
    const std::size_t end = text.find_first_of(" :]");
    next.name = text.substr(0, end);
    text.remove_prefix(end);
    if (text[0] != ':') continue;
    text.remove_prefix(1);
    next.steps = parse(text, ' ');
  }
  text.remove_prefix(1);
  return out;
}

command_match find_command(std::string_view first, std::string_view second) noexcept {
  static const table all;
  return all.find(first, second);
}

bool is_like_command(std::string_view word) noexcept {
  constexpr std::size_t like_max = 32;
  const auto may_stand = [](char c) { return is_letter(c) || c == '.' || c == '_' || c == '-'; };
  return word.size() >= 2 && word.size() <= like_max && is_letter(word[0]) &&
         std::all_of(word.begin(), word.end(), may_stand);
}

bool is_number_word(std::string_view text) noexcept {
  constexpr std::size_t number_max = 32;
  if (text.empty() || text.size() > number_max) return false;
  if (text == "inf" || text == "+inf" || text == "-inf") return true;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto may_stand = [&](char c) {
    return is_digit(c) || c == '.' || c == '+' || c == '-' || c == 'e' || c == 'E';
  };
  return std::all_of(text.begin(), text.end(), may_stand) &&
         (is_digit(text[0]) || (text.size() > 1 && (is_digit(text[1]) || text[1] == '.'))) &&
         upper(text[0]) != 'E';
}

}  // namespace drover::audit
