// SPDX-License-Identifier: MIT
// Walks the steps of a command and the arguments of a request in parallel and assigns each argument
// its role.
#include <algorithm>
#include <charconv>

#include "audit/capture/command_table.hpp"

namespace drover::audit {

class argument_walk {
 public:
  argument_walk(std::span<const std::string_view> texts, std::size_t count,
                std::vector<argument_role>& into)
      : texts_{texts}, count_{count}, into_{into} {}

  void follow(const std::vector<command_spec::step>& steps) {
    for (const command_spec::step& step : steps) {
      if (is_over()) return;
      if (step.symbol == '[') {
        while (!is_over() && take_option(step.options)) {
        }
      } else if (step.repeats) {
        while (!is_over() && at_ + step.after < count_) take(step);
      } else {
        take(step);
      }
    }
  }

 private:
  [[nodiscard]] bool is_over() const noexcept { return at_ >= texts_.size(); }

  void set(argument_role role) {
    if (!is_over()) into_[at_++] = role;
  }

  void take(const command_spec::step& step) {
    switch (step.symbol) {
      case 'k': return set(argument_role::key);
      case 'x': return set(argument_role::secret);
      case 's': return set(argument_role::script);
      case '#': return take_number();
      case '~': return take_sign();
      case 'n': return take_counted(1);
      case 'p': return take_counted(2);
      case 'S': return take_streams();
      case '(': return follow(step.group);
      default: return set(argument_role::value);
    }
  }

  void take_number() {
    if (is_over()) return;
    set(is_number_word(texts_[at_]) ? argument_role::word : argument_role::value);
  }

  void take_sign() {
    if (!is_over() && (texts_[at_] == "=" || texts_[at_] == "~")) set(argument_role::word);
  }

  /// Takes a count, then as many keys, each followed by a value if `arguments_per_item` is 2.
  void take_counted(std::size_t arguments_per_item) {
    if (is_over()) return;
    const std::string_view text = texts_[at_];
    std::size_t left = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), left);
    const bool is_count = code == std::errc{} && end == text.data() + text.size();
    take_number();
    for (left = is_count ? left : 0; left > 0 && !is_over(); --left) {
      set(argument_role::key);
      if (arguments_per_item == 2) set(argument_role::value);
    }
  }

  void take_streams() {
    const std::size_t keys = (count_ - at_) / 2;
    for (std::size_t i = 0; i < keys && !is_over(); ++i) set(argument_role::key);
  }

  bool take_option(const std::vector<command_spec::option>& options) {
    const std::string_view text = texts_[at_];
    const auto names = [text](const command_spec::option& option) {
      return option.name.size() == text.size() &&
             std::equal(text.begin(), text.end(), option.name.begin(),
                        [](char a, char b) { return upper(a) == b; });
    };
    const auto entry = std::find_if(options.begin(), options.end(), names);
    if (entry == options.end()) return false;
    set(argument_role::word);
    follow(entry->steps);
    return true;
  }

  std::span<const std::string_view> texts_;
  std::size_t count_;
  std::vector<argument_role>& into_;
  std::size_t at_ = 0;
};

void command_spec::assign(std::span<const std::string_view> texts, std::size_t count,
                          std::vector<argument_role>& into) const {
  // In a command that takes a secret, any argument without a known role may be the secret.
  into.assign(texts.size(), takes_secrets_ ? argument_role::secret : argument_role::value);
  argument_walk{texts, count, into}.follow(steps_);
}

}  // namespace drover::audit
