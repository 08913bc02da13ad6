// SPDX-License-Identifier: MIT
// Random records of all kinds, and a sink that keeps its records. For tests only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "audit/capture/capture.hpp"
#include "audit/capture/record.hpp"
#include "base/random.hpp"

namespace drover::audit::sample {

class kept_records final : public record_sink {
 public:
  void take(record& item) override { all.push_back(std::move(item)); }

  /// The records of one kind, in order.
  template <class Kind>
  [[nodiscard]] std::vector<Kind> all_of() const {
    std::vector<Kind> out;
    for (const record& item : all) {
      if (const auto* const match = std::get_if<Kind>(&item)) out.push_back(*match);
    }
    return out;
  }

  std::vector<record> all;
};

/// Generates the members of records from a seed. Many numbers are large and many texts are awkward.
class material {
 public:
  explicit material(std::uint64_t seed) : random_{seed} {}

  std::uint64_t below(std::uint64_t end) { return random_.next() % end; }
  bool coin() { return below(2) == 0; }
  std::uint64_t number() { return coin() ? below(1000) : random_.next(); }
  std::int64_t integer() { return static_cast<std::int64_t>(number()); }
  std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }
  moment at() { return moment{static_cast<std::int64_t>(below(std::uint64_t{1} << 50U))}; }
  std::string text() {
    static const std::vector<std::string> some{"",
                                               "user:42",
                                               "a \"quoted\" \\ one",
                                               std::string("\0\n\t\x1f\x7f", 5),
                                               "käse",
                                               "😀",
                                               "\xff\xfe not utf-8",
                                               "\xed\xa0\x80",
                                               "hex",
                                               std::string(3000, 'x')};
    return some[below(some.size())];
  }
  template <class Enum>
  Enum one_of(std::uint64_t count) {
    return static_cast<Enum>(below(count));
  }
  digest any_digest() {
    const auto known = below(3) == 0 ? one_of<known_text>(8) : known_text::no;
    return {number(), number(), one_of<shape>(7), known};
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out(below(4));
    for (std::string& element : out) element = text();
    return out;
  }
  field argument() {
    field out;
    out.kind = one_of<field_kind>(3);
    if (out.kind != field_kind::value) out.text = text();
    if (out.kind != field_kind::word) out.content_digest = any_digest();
    return out;
  }
  void fill(reply_item& item) {
    item.kind = one_of<reply_kind>(7);
    using kind = reply_kind;
    if (item.kind == kind::integer || item.kind == kind::aggregate) item.integer = integer();
    if (item.kind == kind::status || item.kind == kind::error) item.word = text();
    if (item.kind == kind::text) item.content_digest = any_digest();
  }
  reply answer() {
    reply out;
    fill(out);
    if (out.kind == reply_kind::aggregate) out.items.resize(below(4));
    for (reply_item& item : out.items) fill(item);
    return out;
  }

 private:
  base::seeded_random random_;
};

inline event any_event(material& from, std::uint64_t sequence) {
  event out{.sequence = sequence,
            .connection = from.number(),
            .database = from.number32(),
            .batch = from.number(),
            .transaction = from.number(),
            .executed = from.coin(),
            .sent = from.at(),
            .done = {},
            .command = from.text(),
            .arguments = {},
            .argument_count = 0,
            .script = from.text(),
            .answer = from.answer()};
  out.done = out.sent + from.at();
  for (std::uint64_t left = from.below(5); left > 0; --left) {
    out.arguments.push_back(from.argument());
  }
  out.argument_count = out.arguments.size() + from.below(3);
  return out;
}

inline std::vector<script_seen::key_effect> any_effects(material& from) {
  std::vector<script_seen::key_effect> out(from.below(3));
  for (script_seen::key_effect& effect : out) {
    effect = {.key = from.number32(),
              .does = from.one_of<script_seen::purpose>(11),
              .token_argument = from.number32(),
              .ttl_argument = from.number32(),
              .value_argument = from.number32(),
              .ttl_in_seconds = from.coin(),
              .no_ttl = from.coin(),
              .always = from.coin(),
              .may_not_try = from.coin(),
              .yes = {},
              .no = {}};
    for (std::uint64_t left = from.below(3); left > 0; --left) {
      effect.yes.push_back({.kind = reply_kind::integer, .any = false, .integer = from.integer()});
      effect.no.push_back({.kind = from.one_of<reply_kind>(7)});
    }
  }
  return out;
}

/// A random record of the kind at index `kind` of the variant. `sequence` is used for events only.
inline record any_record(material& from, std::size_t kind, std::uint64_t sequence) {
  switch (kind) {
    case 0:
      return capture_begun{1,           from.text(), from.integer(),
                           from.coin(), from.coin(), 1U + from.number32() % all_keys};
    case 1: return connection_opened{from.number(), from.at(), from.integer(), from.text()};
    case 2: return connection_named{from.number(), from.text(), from.text(), from.text()};
    case 3: return connection_closed{from.number(), from.at(), from.coin()};
    case 4:
      return script_seen{from.text(),
                         from.text(),
                         from.one_of<script_seen::purpose>(11),
                         from.one_of<script_seen::success>(5),
                         from.number32(),
                         from.number32(),
                         from.number32(),
                         from.coin(),
                         from.texts(),
                         any_effects(from)};
    case 5: return any_event(from, sequence);
    case 6: return push_received{from.number(), from.at(), from.text(), from.texts()};
    case 7: return origin_loads{from.at(), from.number(), from.text(), from.text()};
    case 8:
      return tool_acted{from.one_of<tool_acted::action_kind>(2), from.text(), from.at(), from.at()};
    case 9:
      return fault_injected{from.text(), from.text(), from.number(), from.text(),
                            from.text(), from.at(),   from.at()};
    case 10: return outage_planned{from.one_of<outage_kind>(5), from.at(), from.at(), from.at()};
    case 11:
      return application_checked{from.at(), from.at(), from.coin(), from.coin(), from.text()};
    case 12:
      return sight_lost{from.number(), from.at(),     from.text(),
                        from.number(), from.number(), 1U + from.number32() % all_keys};
    case 13: return server_said{from.text(), from.integer(), from.text()};
    default: return capture_ended{from.at(), from.number(), from.number()};
  }
}

}  // namespace drover::audit::sample
