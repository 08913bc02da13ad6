// SPDX-License-Identifier: MIT
#include "audit/rules/profiles.hpp"

#include <algorithm>

#include "audit/rules/all_rules.hpp"
#include "audit/rules/catalogue.hpp"
#include "entry/keys.hpp"

namespace drover::audit {
namespace {

// A shape that other libraries may also use needs a matching client library.
constexpr int script_points = 8;
/// More than for a script: dogpile.cache locks with the scripts of redis-py.
constexpr int sure_key_points = 9;
constexpr int likely_key_points = 3;
constexpr int client_points = 2;
constexpr int points_min = 5;

bool fits(const key_shape& shape, std::string_view key) {
  const std::size_t at = key.find(shape.contains);
  if (at == std::string_view::npos) return false;
  if (!key.starts_with(shape.begins) || !key.ends_with(shape.ends)) return false;
  const std::string_view rest = key.substr(at + shape.contains.size());
  if (!shape.is_repeated) return true;
  return at > 0 && rest.starts_with(key.substr(0, at)) && rest.substr(at).starts_with(':');
}

/// Whether `word` is one of the words of `list`.
bool list_contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// "redis-py 4.3.4" and "go-redis(,go1.22)" are "redis-py" and "go-redis".
std::string_view library_word(std::string_view client) {
  return client.substr(0, client.find_first_of(" ("));
}

int key_points(const library_profile& library, const library_traces& traces) {
  int best = 0;
  for (const std::string& key : traces.keys) {
    for (const key_shape& shape : library.keys) {
      if (fits(shape, key))
        best = std::max(best, shape.is_unique ? sure_key_points : likely_key_points);
    }
    if (library.scripts == "drover" && entry::parts_of(key)) best = sure_key_points;
  }
  return best;
}

int points_of(const library_profile& library, const library_traces& traces) {
  int points = key_points(library, traces);
  const auto is_its_script = [&](const std::string& known_as) {
    return !library.scripts.empty() && known_as.substr(0, known_as.find(' ')) == library.scripts;
  };
  if (std::any_of(traces.scripts.begin(), traces.scripts.end(), is_its_script)) {
    points = std::max(points, script_points);
  }
  if (traces.clients.empty()) return points;
  const bool has_its_client =
      std::any_of(traces.clients.begin(), traces.clients.end(), [&](const std::string& client) {
        return list_contains(library.clients, library_word(client));
      });
  // If the clients are named and none is used by the library, it is excluded.
  return has_its_client ? points + client_points : 0;
}

const rule_definition* find_definition(std::string_view id) {
  const auto rules = rule_definitions();
  const auto position = std::find_if(
      rules.begin(), rules.end(), [&](const rule_definition& rule) { return rule.text.id == id; });
  return position == rules.end() ? nullptr : &*position;
}

}  // namespace

const library_profile* find_library(const library_traces& traces) {
  const library_profile* best = nullptr;
  int most = points_min - 1;
  for (const library_profile& library : profiles()) {
    const int points = points_of(library, traces);
    if (points > most) {
      most = points;
      best = &library;
    }
  }
  return best;
}

std::string_view setting_for(std::string_view library, const rule_definition& rule) {
  for (const library_setting& setting : rule.settings) {
    if (setting.library == library) return setting.change;
  }
  return {};
}

const library_profile* profile_named(std::string_view name) {
  const auto libraries = profiles();
  const auto position =
      std::find_if(libraries.begin(), libraries.end(),
                   [&](const library_profile& library) { return library.name == name; });
  return position == libraries.end() ? nullptr : &*position;
}

void complete(finding& finding, const library_profile* library) {
  finding.library.clear();
  const rule_definition* rule = find_definition(finding.rule);
  if (rule != nullptr) {
    finding.name = rule->text.name;
    finding.advice = rule->text.advice;
    const std::string_view change =
        library != nullptr ? setting_for(library->name, *rule) : std::string_view{};
    if (!change.empty()) {
      finding.library = library->name;
      finding.advice = std::string{library->name} + ": " + std::string{change} + '.';
      if (!library->verified) finding.advice += " (Unverified: from its published sources.)";
    }
  }
  finding.fix_prompt = fix_prompt_of(finding);
}

}  // namespace drover::audit
