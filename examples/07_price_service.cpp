// SPDX-License-Identifier: MIT
// 7. A small service: products are read through a cache and changed in a database. It has a codec,
// a deadline for each request, an answer for each error, and an invalidation after each change.
//
//   07_price_service [redis url]
#include <drover/cache.hpp>

#include <charconv>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;

struct product {
  std::string name;
  int cents = 0;
};

// The bytes in Redis: "450 green tea". Raise `schema` below when they change.
template <>
struct drover::codec<product> {
  static std::string encode(const product& p) { return std::to_string(p.cents) + " " + p.name; }

  static drover::result<product> decode(std::string_view bytes) {
    const char* end = bytes.data() + bytes.size();
    product p;
    const auto [rest, error] = std::from_chars(bytes.data(), end, p.cents);
    if (error != std::errc{} || rest == end || *rest != ' ') {
      return drover::fault{drover::fault_code::corrupt, "not a product"};  // counts as a miss
    }
    p.name.assign(rest + 1, end);
    return p;
  }
};

// Replace this class by your database. Loads of several keys run at once, so it is thread-safe.
class product_table {
 public:
  std::optional<product> find(std::string_view id) {
    const std::scoped_lock lock{mutex_};
    if (is_down_) throw std::runtime_error{"the database is down"};
    const auto row = rows_.find(id);
    return row == rows_.end() ? std::nullopt : std::optional{row->second};
  }
  void set_price(std::string_view id, int cents) {
    const std::scoped_lock lock{mutex_};
    rows_.at(std::string{id}).cents = cents;
  }
  void set_down(bool is_down) {
    const std::scoped_lock lock{mutex_};
    is_down_ = is_down;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, product, std::less<>> rows_{{"1", {"green tea", 450}}};
  bool is_down_ = false;
};

class price_service {
 public:
  price_service(const drover::client& redis, product_table& table)
      : table_{table},
        products_{redis,
                  {.name = "product", .schema = 1, .policy = {.ttl = 60s, .grace = 10min}},
                  [&table](std::string_view id) { return table.find(id); }} {}

  // Answers GET /products/<id>.
  std::string get(std::string_view id) {
    try {
      const drover::fetched<product> answer =
          products_.fetch(id, drover::call_options::within(2s));  // this request's deadline
      if (!answer.value) return "404 no such product";
      return "200 " + answer.value->name + ", " + std::to_string(answer.value->cents) + " cents, " +
             std::string{to_string(answer.how)};
    } catch (const drover::refused&) {  // the deadline passed, or a bound was reached
      return "503 try again";
    } catch (const drover::load_failed& failed) {  // the load failed in another process
      return "503 try again in " + std::to_string(failed.retry_in().count()) + " ms";
    } catch (const std::exception& failure) {  // the database's exception, shared by all callers
      return std::string{"502 "} + failure.what();
    }
  }

  // Answers PUT /products/<id>/price. The commit comes first, the invalidation second.
  std::string set_price(std::string_view id, int cents) {
    table_.set_price(id, cents);
    if (const drover::result<void> done = products_.invalidate(id); !done) {
      // Drover repeats it until a server acknowledges it. Other processes may serve the old price
      // until then, for at most ttl + grace.
      std::fprintf(stderr, "not yet invalidated: %s\n", done.error().text.c_str());
    }
    return "204";
  }

  // Marks the stored product as stale: the next request gets it and starts a refresh.
  void mark_stale(std::string_view id) {
    if (!products_.expire(id)) std::fprintf(stderr, "not marked as stale\n");
  }

  std::size_t shut_down() { return products_.drain(1s); }

 private:
  product_table& table_;
  drover::cache<product> products_;
};

int main(int count, char** values) {
  const drover::client redis{count > 1 ? values[1] : "redis://127.0.0.1:6379"};
  product_table table;
  price_service service{redis, table};
  const auto show = [&](std::string_view id) { std::printf("%s\n", service.get(id).c_str()); };

  show("1");  // loaded
  show("1");  // fresh
  show("2");  // 404, and remembered for a second

  service.set_price("1", 500);
  show("1");  // loaded: every request after an acknowledged invalidation sees the change

  service.mark_stale("1");
  show("1");  // stale, and a refresh runs
  while (service.get("1") != "200 green tea, 500 cents, fresh") std::this_thread::sleep_for(1ms);
  std::printf("refreshed\n");

  table.set_down(true);
  service.mark_stale("1");
  show("1");  // stale: within its grace a product outlives the database
  show("3");  // 502
  std::printf("%zu loads still run\n", service.shut_down());
}
