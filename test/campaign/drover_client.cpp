// SPDX-License-Identifier: MIT
// Drover as the client of a worker: two caches on one client. The loader of the second reads the
// first.
#include <drover/cache.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "campaign/tested_client.hpp"
#include "campaign/value_text.hpp"

namespace drover::campaign {

namespace {

/// `load_started` and `refresh_started` are reported on the thread that runs the loader.
thread_local bool thread_refreshes = false;

class event_counter : public observer {
 public:
  explicit event_counter(recorded_origin& origin) : origin_{origin} {}

  void on_event(const event& reported) override {
    ++origin_.table().events[static_cast<std::size_t>(reported.kind) % 64];
    if (reported.kind == event_kind::load_started) thread_refreshes = false;
    if (reported.kind == event_kind::refresh_started) thread_refreshes = true;
    if (reported.kind == event_kind::connection_down) {
      history::record fields;
      fields.action = history::action::connection_down;
      record_file::end(origin_.records().begin(fields), history::outcome::done);
    }
  }

 private:
  recorded_origin& origin_;
};

history::outcome outcome_of(served how) {
  switch (how) {
    case served::fresh: return history::outcome::fresh;
    case served::stale: return history::outcome::stale;
    case served::loaded: return history::outcome::loaded;
    case served::joined: return history::outcome::joined;
    case served::bypassed: return history::outcome::bypassed;
  }
  return history::outcome::failed;
}

client_options options_of(const worker_plan& plan, std::shared_ptr<observer> by) {
  client_options options{.url = plan.url, .event_observer = std::move(by)};
  if (plan.is_calm) {  // a busy machine must not look like a fault of the server
    options.connect_max = std::chrono::seconds{20};
    options.silence_max = std::chrono::seconds{20};
  }
  return options;
}

class drover_client : public tested_client {
 public:
  drover_client(const worker_plan& plan, recorded_origin& origin)
      : plan_{plan},
        origin_{origin},
        redis_{options_of(plan, std::make_shared<event_counter>(origin))},
        items_{redis_, options(0),
               [this](std::string_view key, load& run) {
                 return load_one(history::key_of(0, number_of(key)), run,
                                 std::exchange(thread_refreshes, false));
               }},
        pages_{redis_, options(1), [this](std::string_view key, load& run) {
                 const bool refreshes = std::exchange(thread_refreshes, false);
                 recorded_get(*this, origin_, history::key_of(0, number_of(key)), {}, 0,
                              history::is_nested);
                 return load_one(history::key_of(1, number_of(key)), run, refreshes);
               }} {}

  read_result get(std::uint32_t key, const call_options& limits) override {
    try {
      fetched<std::string> got = cache_of(key).fetch(text_of(key), limits);
      return {outcome_of(got.how), std::move(got.value).value_or("absent")};
    } catch (const refused&) {
      return {history::outcome::refused};
    } catch (const load_failed&) {
      return {history::outcome::failed};
    } catch (const origin_failure&) {
      return {history::outcome::failed};
    }
  }
  bool invalidate(std::uint32_t key) override {
    if (plan_.client == client_kind::skips_invalidation) return true;
    return cache_of(key).invalidate(text_of(key)).has_value();
  }
  bool expire(std::uint32_t key) override { return cache_of(key).expire(text_of(key)).has_value(); }
  void refresh(std::uint32_t key) override { cache_of(key).refresh(text_of(key)); }
  std::string peek(std::uint32_t key) override {
    return cache_of(key).peek(text_of(key)).value_or("");
  }

 private:
  [[nodiscard]] cache_options options(std::uint32_t cache) const {
    return {.name = cache_name(cache), .policy = policy_of(cache, plan_.is_calm)};
  }
  [[nodiscard]] cache<std::string>& cache_of(std::uint32_t key) {
    return history::cache_of(key) == 0 ? items_ : pages_;
  }
  static std::string text_of(std::uint32_t key) { return std::to_string(key & 0xFFFFU); }
  static std::uint32_t number_of(std::string_view key) {
    return static_cast<std::uint32_t>(std::stoul(std::string{key}));
  }

  std::string load_one(std::uint32_t key, const load& run, bool refreshes) {
    const auto granted = run.deadline() - policy_of(history::cache_of(key), plan_.is_calm).load_max;
    const auto age =
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - granted);
    return origin_.load(key, refreshes ? history::is_refresh : std::uint8_t{0},
                        static_cast<std::uint32_t>(std::max<std::int64_t>(age.count(), 0)));
  }

  const worker_plan& plan_;
  recorded_origin& origin_;
  client redis_;
  cache<std::string> items_;
  cache<std::string> pages_;
};

}  // namespace

std::unique_ptr<tested_client> make_drover_client(const worker_plan& plan,
                                                  recorded_origin& origin) {
  return std::make_unique<drover_client>(plan, origin);
}

void end_read(recorded_origin& origin, history::record* begun, const read_result& got) {
  history::outcome how = got.how;
  if (how >= history::outcome::fresh && how <= history::outcome::bypassed) {
    const std::optional<value_facts> facts = read_value_text(got.value);
    if (facts && begun != nullptr) {
      begun->version = facts->version;
      begun->load_id = facts->load_id;
    }
    if (!facts || (begun != nullptr && facts->key != begun->key)) how = history::outcome::mixed_up;
    ++origin.table().gets;
  }
  record_file::end(begun, how);
}

void recorded_get(tested_client& client, recorded_origin& origin, std::uint32_t key,
                  const call_options& limits, std::uint32_t limit_ms, std::uint8_t flags) {
  history::record fields;
  fields.action = history::action::get;
  fields.key = key;
  fields.limit_ms = limit_ms;
  fields.flags = flags;
  history::record* const begun = origin.records().begin(fields);
  end_read(origin, begun, client.get(key, limits));
}

}  // namespace drover::campaign
