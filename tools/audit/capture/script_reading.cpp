// SPDX-License-Identifier: MIT
#include "audit/capture/script_reading.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "audit/capture/command_table.hpp"
#include "audit/capture/lua_signs.hpp"

namespace drover::audit {
namespace {

using tokens = std::span<const lua_token>;

std::string upper_text(std::string_view text) {
  constexpr std::size_t word_max = 32;
  std::string out{text.substr(0, word_max)};
  std::transform(out.begin(), out.end(), out.begin(), upper);
  return out;
}

/// Whether the token ends an expression.
bool is_boundary(const lua_token& token) noexcept {
  constexpr auto words = std::to_array<std::string_view>(
      {"if", "then", "else", "elseif", "end", "return", "local", "and", "or", "not", "while", "do",
       "for", "in", "repeat", "until", "function"});
  if (token.type == lua_token::kind::sign) return token.text == ";" || token.text == "=";
  return token.type == lua_token::kind::name &&
         std::find(words.begin(), words.end(), token.text) != words.end();
}

bool is_reading(std::string_view command) noexcept {
  constexpr auto reading_commands = std::to_array<std::string_view>(
      {"GET", "HGET", "HEXISTS", "HMGET", "GETRANGE", "SISMEMBER", "ZSCORE", "LINDEX", "GETEX"});
  return std::find(reading_commands.begin(), reading_commands.end(), command) !=
         reading_commands.end();
}

class script_reader {
 public:
  script_reader(tokens script_tokens, std::string_view keys, std::string_view arguments)
      : tokens_{script_tokens}, keys_{keys}, arguments_{arguments} {}

  script_reading read() {
    out_.blocks.push_back({.to = tokens_.size()});
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      read_block(at);
      if (is_name(tokens_[at], "local")) read_local(at);
      if (is_assignment(at)) locals_[std::string{tokens_[at].text}] = assigned(at + 2);
      if (is_name(tokens_[at], "for")) read_loop(at);
      if (const std::size_t open = call_at(at); open != 0) {
        if (calls_.find(at) == calls_.end()) (void)add_call(at, open);
      }
      if (is_sign(tokens_[at], "==") || is_sign(tokens_[at], "~=")) read_compare(at);
      if (is_name(tokens_[at], "return")) read_return(at);
    }
    read_membership();
    out_.blocks.front().to = tokens_.size();
    if (out_.returns.empty() || out_.returns.back().block != 0) {
      out_.returns.push_back({.type = lua_return::kind::null,
                              .position = tokens_.size(),
                              .end = tokens_.size(),
                              .block = 0});
    }
    return std::move(out_);
  }

 private:
  /// The index of the "(" of a call of redis.call, redis.pcall or an alias of them that begins at
  /// `at`. 0: no call begins there.
  [[nodiscard]] std::size_t call_at(std::size_t at) const {
    if (tokens_[at].type != lua_token::kind::name) return 0;
    if (at > 0 && (is_sign(tokens_[at - 1], ".") || is_name(tokens_[at - 1], "function"))) return 0;
    const bool is_server = tokens_[at].text == "redis" || tokens_[at].text == "server";
    const bool is_dotted = is_server && at + 3 < tokens_.size() && is_sign(tokens_[at + 1], ".") &&
                           (is_name(tokens_[at + 2], "call") || is_name(tokens_[at + 2], "pcall"));
    if (is_dotted) return is_sign(tokens_[at + 3], "(") ? at + 3 : 0;
    const bool is_known = callers_.find(std::string{tokens_[at].text}) != callers_.end();
    return is_known && at + 1 < tokens_.size() && is_sign(tokens_[at + 1], "(") ? at + 1 : 0;
  }

  /// Follows the blocks of if, elseif, else, for, while, repeat and function.
  void read_block(std::size_t at) {
    const lua_token& token = tokens_[at];
    if (token.type != lua_token::kind::name) return;
    if (token.text == "if" || token.text == "while") {
      condition_from_ = at + 1;
      asked_before_.clear();
      loops_over_keys_ = false;
      chain_ = 0;
    } else if (token.text == "for") {
      condition_from_ = at + 1;
      loops_over_keys_ = false;
    } else if (token.text == "elseif") {
      asked_before_ = out_.blocks[block_].asked;
      chain_ = out_.blocks[block_].chain;
      close_block(at);
      condition_from_ = at + 1;
    } else if (token.text == "then" || token.text == "do") {
      open_tested_block(at, token.text == "then");
    } else if (token.text == "else") {
      const lua_block before = out_.blocks[block_];
      close_block(at);
      lua_block& opened = open_block(at);
      opened.chain = before.chain;
      opened.conditional = before.conditional;
      opened.negated = !before.negated;
      opened.condition_from = before.condition_from;
      opened.condition_to = before.condition_to;
      opened.asked = before.asked;
    } else if (token.text == "function" || token.text == "repeat") {
      open_block(at);
    } else if (token.text == "end" || token.text == "until") {
      close_block(at);
    }
  }

  lua_block& open_block(std::size_t at) {
    out_.blocks.push_back({.parent = block_, .from = at, .to = tokens_.size()});
    block_ = out_.blocks.size() - 1;
    return out_.blocks.back();
  }

  void close_block(std::size_t at) {
    if (block_ == 0) return;
    out_.blocks[block_].to = at;
    block_ = out_.blocks[block_].parent;
  }

  void open_tested_block(std::size_t at, bool is_if) {
    const std::size_t from = std::exchange(condition_from_, 0);
    std::vector<unsigned> asked = std::exchange(asked_before_, {});
    for (std::size_t i = from; from != 0 && i < at && asked.size() < asked_max; ++i) {
      if (const auto call = calls_.find(i); call != calls_.end()) asked.push_back(call->second);
      const auto named = locals_.find(std::string{tokens_[i].text});
      if (tokens_[i].type == lua_token::kind::name && named != locals_.end() &&
          named->second.type == lua_operand::kind::result) {
        asked.push_back(named->second.number);
      }
    }
    lua_block& opened = open_block(at);
    if (from == 0) return;
    opened.conditional = is_if || !loops_over_keys_;
    if (is_if) opened.chain = chain_ == 0 ? block_ : chain_;
    opened.condition_from = from;
    opened.condition_to = at;
    opened.negated = is_negated(from, at);
    opened.asked = std::move(asked);
  }

  /// Whether the condition [from, to) asks for what is missing or differs.
  [[nodiscard]] bool is_negated(std::size_t from, std::size_t to) const {
    const auto is_nothing = [this](std::size_t at) {
      return at < tokens_.size() && (tokens_[at].text == "0" || is_name(tokens_[at], "false") ||
                                     is_name(tokens_[at], "nil"));
    };
    for (std::size_t at = from; at < to; ++at) {
      if (is_name(tokens_[at], "not")) return true;
      if (is_sign(tokens_[at], "==") && is_nothing(at + 1)) return true;
      if (is_sign(tokens_[at], "~=") && !is_nothing(at + 1)) return true;
    }
    return false;
  }

  /// `name = expression` outside a table.
  [[nodiscard]] bool is_assignment(std::size_t at) const {
    if (tokens_[at].type != lua_token::kind::name || at + 2 >= tokens_.size()) return false;
    if (!is_sign(tokens_[at + 1], "=") || at == 0) return false;
    const lua_token& before = tokens_[at - 1];
    return !is_name(before, "local") && !is_name(before, "for") && !is_sign(before, ",") &&
           !is_sign(before, "{") && !is_sign(before, ".");
  }

  lua_operand assigned(std::size_t from) { return operand(from, end_of_expressions(from), 0); }

  /// Reads `for _, name in ipairs(KEYS) do`, and `for i = 1, #KEYS do`.
  void read_loop(std::size_t at) {
    std::string_view last;
    bool is_list = false;
    for (std::size_t next = at + 1; next < tokens_.size() && !is_name(tokens_[next], "do");
         ++next) {
      if (is_name(tokens_[next], "in")) is_list = true;
      if (!is_list && tokens_[next].type == lua_token::kind::name) last = tokens_[next].text;
      if (!is_name(tokens_[next], keys_)) continue;
      loops_over_keys_ = true;
      if (is_list) locals_[std::string{last}] = {lua_operand::kind::key, 0, {}};
    }
  }

  /// The index after the bracket that closes the bracket at `open`.
  [[nodiscard]] std::size_t after_bracket(std::size_t open) const {
    std::size_t depth = 0;
    for (std::size_t at = open; at < tokens_.size(); ++at) {
      if (opens(tokens_[at])) ++depth;
      if (closes(tokens_[at]) && --depth == 0) return at + 1;
    }
    return tokens_.size();
  }

  /// Splits [from, to) at the commas outside brackets.
  [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> parts(std::size_t from,
                                                                       std::size_t to) const {
    std::vector<std::pair<std::size_t, std::size_t>> out;
    std::size_t depth = 0;
    std::size_t begin = from;
    for (std::size_t at = from; at < to; ++at) {
      if (opens(tokens_[at])) ++depth;
      if (closes(tokens_[at]) && depth > 0) --depth;
      if (depth == 0 && is_sign(tokens_[at], ",")) {
        out.emplace_back(begin, at);
        begin = at + 1;
      }
    }
    if (begin < to) out.emplace_back(begin, to);
    return out;
  }

  unsigned add_call(std::size_t at, std::size_t open) {
    const auto known = calls_.find(at);
    if (known != calls_.end()) return known->second;
    const std::size_t end = after_bracket(open);
    lua_call call;
    call.position = at;
    call.block = block_;
    for (const auto& [from, to] : parts(open + 1, end > open ? end - 1 : end)) {
      const lua_operand argument = operand(from, to, depth_ + 1);
      if (from == open + 1) {
        call.command = argument.type == lua_operand::kind::text ? argument.word : "";
      } else {
        call.arguments.push_back(argument);
      }
    }
    const auto index = static_cast<unsigned>(out_.calls.size());
    out_.calls.push_back(std::move(call));
    calls_.emplace(at, index);
    return index;
  }

  /// The origin of the value of [from, to): the first operand in it that is known.
  lua_operand operand(std::size_t from, std::size_t to, unsigned depth) {
    constexpr unsigned depth_max = 16;
    if (depth > depth_max) return {};
    const unsigned before = depth_;
    depth_ = depth;
    lua_operand out;
    // A joined text is none of its parts.
    for (std::size_t at = from; at < to; at = opens(tokens_[at]) ? after_bracket(at) : at + 1) {
      if (is_sign(tokens_[at], "..")) from = to;
    }
    for (std::size_t at = from; at < to && out.type == lua_operand::kind::other; ++at) {
      if (const std::size_t open = call_at(at); open != 0) {
        out = {lua_operand::kind::result, add_call(at, open), {}};
      } else if (const auto indexed = indexed_at(at)) {
        out = *indexed;
      } else if (tokens_[at].type == lua_token::kind::text) {
        if (to == from + 1) out = {lua_operand::kind::text, 0, upper_text(tokens_[at].text)};
      } else if (tokens_[at].type == lua_token::kind::name &&
                 !(at > 0 && is_sign(tokens_[at - 1], "."))) {
        const auto named = locals_.find(std::string{tokens_[at].text});
        if (named != locals_.end()) out = named->second;
      }
    }
    depth_ = before;
    return out;
  }

  [[nodiscard]] std::optional<lua_operand> indexed_at(std::size_t at) const {
    const bool is_key = is_name(tokens_[at], keys_);
    if (!is_key && !is_name(tokens_[at], arguments_)) return std::nullopt;
    lua_operand out{is_key ? lua_operand::kind::key : lua_operand::kind::argument, 0, {}};
    if (at + 3 < tokens_.size() && is_sign(tokens_[at + 1], "[") && is_sign(tokens_[at + 3], "]")) {
      const std::string_view digits = tokens_[at + 2].text;
      std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
    }
    return out;
  }

  /// Reads `local a, b = x, y`.
  void read_local(std::size_t at) {
    std::vector<std::string> names;
    std::size_t next = at + 1;
    while (next < tokens_.size() && tokens_[next].type == lua_token::kind::name) {
      names.emplace_back(tokens_[next].text);
      ++next;
      if (next >= tokens_.size() || !is_sign(tokens_[next], ",")) break;
      ++next;
    }
    if (next >= tokens_.size() || !is_sign(tokens_[next], "=")) return;
    const std::size_t from = next + 1;
    const std::size_t to = end_of_expressions(from);
    const auto values = parts(from, to);
    for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
      const auto [begin, end] = values[i];
      const bool is_caller =
          end == begin + 3 && is_name(tokens_[begin], "redis") &&
          (is_name(tokens_[end - 1], "call") || is_name(tokens_[end - 1], "pcall"));
      if (is_caller) {
        callers_[names[i]] = true;
      } else {
        locals_[names[i]] = operand(begin, end, 0);
      }
    }
  }

  /// The end of the list of expressions that begins at `from`: a closing bracket, a `;` or `=`, or
  /// a position between two operands without an operator.
  [[nodiscard]] std::size_t end_of_expressions(std::size_t from) const {
    std::size_t at = from;
    while (at < tokens_.size()) {
      if (at > from) {
        const lua_token& last = tokens_[at - 1];
        const bool was_operand = last.type != lua_token::kind::sign || closes(last);
        const bool is_operand = tokens_[at].type == lua_token::kind::name ||
                                tokens_[at].type == lua_token::kind::number;
        const bool joins = is_name(tokens_[at], "and") || is_name(tokens_[at], "or") ||
                           is_name(last, "and") || is_name(last, "or") || is_name(last, "not");
        if (was_operand && is_operand && !joins) return at;
      }
      if (closes(tokens_[at]) || is_sign(tokens_[at], ";") || is_sign(tokens_[at], "=")) return at;
      at = opens(tokens_[at]) ? after_bracket(at) : at + 1;
    }
    return at;
  }

  /// The beginning of the operand that ends before `at`.
  [[nodiscard]] std::size_t begin_of_left(std::size_t at) const {
    std::size_t depth = 0;
    while (at > 0) {
      const lua_token& token = tokens_[at - 1];
      if (closes(token)) ++depth;
      if (opens(token)) {
        if (depth == 0) return at;
        --depth;
      }
      if (depth == 0 && (is_boundary(token) || is_sign(token, ","))) return at;
      --at;
    }
    return at;
  }

  [[nodiscard]] std::size_t end_of_right(std::size_t at) const {
    while (at < tokens_.size()) {
      const lua_token& token = tokens_[at];
      if (closes(token) || is_boundary(token) || is_sign(token, ",")) return at;
      at = opens(token) ? after_bracket(at) : at + 1;
    }
    return at;
  }

  void read_compare(std::size_t at) {
    const lua_operand left = operand(begin_of_left(at), at, 0);
    const lua_operand right = operand(at + 1, end_of_right(at + 1), 0);
    for (const auto& [result, argument] : {std::pair{left, right}, std::pair{right, left}}) {
      const bool is_compared = result.type == lua_operand::kind::result &&
                               argument.type == lua_operand::kind::argument &&
                               is_reading(out_.calls[result.number].command);
      if (!is_compared) continue;
      if (out_.compared_argument == 0) out_.compared_argument = argument.number;
      out_.compares.push_back({result.number, argument.number, at});
    }
  }

  /// HEXISTS, SISMEMBER and ZSCORE with ARGV[n] count as comparisons, too.
  void read_membership() {
    for (const lua_call& call : out_.calls) {
      if (call.command != "HEXISTS" && call.command != "SISMEMBER" && call.command != "ZSCORE") {
        continue;
      }
      if (call.arguments.size() < 2 || call.arguments[1].type != lua_operand::kind::argument)
        continue;
      if (out_.compared_argument == 0) out_.compared_argument = call.arguments[1].number;
      const auto index = static_cast<unsigned>(&call - out_.calls.data());
      out_.compares.push_back({index, call.arguments[1].number, call.position});
    }
  }

  void read_return(std::size_t at) {
    note_return(at);
    if (at + 1 >= tokens_.size()) return;
    if (is_name(tokens_[at + 1], "nil") || is_name(tokens_[at + 1], "false"))
      out_.returns_nil = true;
    const lua_operand returned = operand(at + 1, end_of_expressions(at + 1), 0);
    out_.ends_with_state = false;
    if (returned.type != lua_operand::kind::result) return;
    const std::string& command = out_.calls[returned.number].command;
    out_.ends_with_state = command == "PTTL" || command == "TTL" || command == "GET";
  }

  void note_return(std::size_t at) {
    out_.blocks[block_].exits = true;
    lua_return noted;
    noted.position = at;
    noted.block = block_;
    const std::size_t from = at + 1;
    noted.end = end_of_expressions(from);
    classify(from, noted);
    out_.returns.push_back(noted);
  }

  void classify(std::size_t from, lua_return& noted) {
    using kind = lua_return::kind;
    const std::size_t size = noted.end - from;
    if (from >= tokens_.size() || size == 0 || is_name(tokens_[from], "end")) {
      noted.type = kind::null;
      noted.end = std::min(from, tokens_.size());
      return;
    }
    const lua_token& first = tokens_[from];
    const bool minus = is_sign(first, "-") && size == 2;
    if (size == 1 || minus) {
      const lua_token& only = tokens_[noted.end - 1];
      if (is_name(only, "nil") || is_name(only, "false")) noted.type = kind::null;
      if (only.type == lua_token::kind::number || is_name(only, "true")) {
        noted.type = kind::integer;
        noted.integer = 1;
        std::from_chars(only.text.data(), only.text.data() + only.text.size(), noted.integer);
        if (minus) noted.integer = -noted.integer;
      }
      if (only.type == lua_token::kind::text) {
        noted.type = kind::text;
        noted.text = only.text;
      }
    }
    if (is_sign(first, "{")) {
      noted.type = kind::aggregate;
      if (size > 2 && is_name(tokens_[from + 1], "ok")) noted.type = kind::status;
      if (size > 2 && is_name(tokens_[from + 1], "err")) noted.type = kind::error;
      if (noted.type == kind::aggregate) classify_elements(from + 1, noted);
      return;
    }
    if (size > 2 && is_sign(tokens_[from + 1], ".")) {
      if (is_name(tokens_[from + 2], "status_reply")) noted.type = kind::status;
      if (is_name(tokens_[from + 2], "error_reply")) noted.type = kind::error;
    }
    const std::size_t open = call_at(from);
    const bool is_call = open != 0 && after_bracket(open) == noted.end;
    if (!is_call && (size != 1 || noted.type != kind::other)) return;
    const lua_operand returned = operand(from, noted.end, 0);
    if (returned.type != lua_operand::kind::result) return;
    noted.type = kind::result;
    noted.call = returned.number;
  }

  /// `{1, found}`: many scripts say in the first element what the second one is.
  void classify_elements(std::size_t from, lua_return& noted) {
    bool is_first = true;
    for (const auto& [begin, end] : parts(from, std::max(from, noted.end - 1))) {
      const lua_token& element = tokens_[begin];
      if (is_first && end == begin + 1 && element.type == lua_token::kind::number) {
        std::from_chars(element.text.data(), element.text.data() + element.text.size(),
                        noted.integer);
        noted.begins_with_integer = true;
      }
      is_first = false;
      const lua_operand held = operand(begin, end, 0);
      if (held.type != lua_operand::kind::result || noted.has_call) continue;
      noted.call = held.number;
      noted.has_call = true;
    }
  }

  static constexpr std::size_t asked_max = 32;

  tokens tokens_;
  std::string_view keys_;
  std::string_view arguments_;
  script_reading out_;
  std::map<std::string, lua_operand> locals_;
  std::map<std::string, bool> callers_;
  std::map<std::size_t, unsigned> calls_;  // the index of each call, by its first token
  unsigned depth_ = 0;
  std::size_t block_ = 0;
  std::size_t condition_from_ = 0;  // of an `if`, `while` or `for` whose block has not begun
  std::vector<unsigned> asked_before_;
  std::size_t chain_ = 0;
  bool loops_over_keys_ = false;
};

}  // namespace

script_reading read_script(std::span<const lua_token> script_tokens, std::string_view keys,
                           std::string_view arguments) {
  return script_reader{script_tokens, keys, arguments}.read();
}

}  // namespace drover::audit
