// SPDX-License-Identifier: MIT
#include "audit/report/located.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace drover::audit::located_test {
namespace {

using texts = std::vector<std::string>;
using files = std::vector<std::pair<std::string, std::string>>;

/// "path:line" of the pattern; "" if it was not found.
std::string found_in(const files& sources, const std::string& pattern) {
  source_search search{{pattern}};
  for (const auto& [path, text] : sources) search.read(path, text);
  const auto places = search.places();
  const auto position = places.find(pattern);
  if (position == places.end()) return {};
  return position->second.path + ':' + std::to_string(position->second.line);
}

TEST(audit_needles, AreTheLiteralPartsAndWhatIsLeftOfThem) {
  EXPECT_EQ(needles_of("user:*"), texts{"user:"});
  EXPECT_EQ(needles_of("shop:v1:product:*"),
            (texts{"shop:v1:product:", "shop:v1:", "shop:", "v1:product:", "product:"}));
  EXPECT_EQ(needles_of("*:lock:*:held"), (texts{":lock:", ":held", "lock:", "held"}));
}

TEST(audit_needles, AreNothingThatStandsEverywhere) {
  EXPECT_EQ(needles_of("*"), texts{});
  EXPECT_EQ(needles_of("a:*"), texts{});
  EXPECT_EQ(needles_of(":::*"), texts{});
  EXPECT_EQ(needles_of("*:*:*"), texts{});
  EXPECT_EQ(needles_of(""), texts{});
  EXPECT_EQ(needles_of("12:34:56:*"), texts{});
}

TEST(audit_source_search, FindsTheTemplatesOfAllLanguages) {
  for (const char* const line :
       {"key = f\"shop:product:{product_id}\"", "const key = `shop:product:${id}`;",
        "String key = \"shop:product:\" + id;", "key := fmt.Sprintf(\"shop:product:%d\", id)",
        "$key = 'shop:product:' . $id;", "$key = \"shop:product:$id\";",
        "key = \"shop:product:#{id}\"", "key = 'shop:product:%s' % product_id",
        "auto key = std::string{\"shop:product:\"} + id;", "key = \"shop:product:{}\".format(i)"}) {
    const std::string text =
        "# shop:product: keys are cached\nx = 1  # shop:product: is a prefix\n" +
        std::string{line} + "\n# shop:product: again\n";
    EXPECT_EQ(found_in({{"shop.src", text}}, "shop:product:*"), "shop.src:3") << line;
  }
}

TEST(audit_source_search, FindsAKeyThatIsBuiltFromParts) {
  const files sources{
      {"keys.py", "import os\nPREFIX = \"shop:v1:\"\nkey = PREFIX + \"product:\" + i\n"}};
  EXPECT_EQ(found_in(sources, "shop:v1:product:*"), "keys.py:2");
  EXPECT_EQ(found_in(sources, "other:v9:product:*"), "keys.py:3") << "the client adds a prefix";
}

TEST(audit_source_search, TakesTheWholeBeginningBeforeAPart) {
  const files sources{{"a.py", "k = f\"shop:{kind}:{i}\"\n"},
                      {"b.md", "keys are shop:product:7\n"}};
  EXPECT_EQ(found_in(sources, "shop:product:*"), "b.md:1");
}

TEST(audit_source_search, TakesCodeBeforeDocumentsTestsAndComments) {
  const std::string build = "key = f\"user:{i}\"\n";
  EXPECT_EQ(found_in({{"README.md", build}, {"app.py", build}}, "user:*"), "app.py:1");
  EXPECT_EQ(found_in({{"test_app.py", build}, {"z.py", build}}, "user:*"), "z.py:1");
  EXPECT_EQ(found_in({{"a.py", "# \"user:{\"\n"}, {"b.py", build}}, "user:*"), "b.py:1");
  EXPECT_EQ(found_in({{"b.py", build}, {"a.py", build}}, "user:*"), "b.py:1")
      << "the first file wins";
}

TEST(audit_source_search, LooksForWholeWords) {
  EXPECT_EQ(found_in({{"a.py", "superuser: yes\npower_user: no\n"}}, "user:*"), "");
}

TEST(audit_source_search, SkipsWhatAMachineWrote) {
  const std::string wide(5000, 'x');
  EXPECT_EQ(found_in({{"a.js", wide + " \"user:\" " + wide + "\n"}}, "user:*"), "");
  EXPECT_EQ(found_in({{"a.js", wide + "\nk = \"user:\" + i\n" + wide}}, "user:*"), "a.js:2");
}

TEST(audit_source_search, CountsLinesInFilesOfAnyEnd) {
  EXPECT_EQ(found_in({{"a", "\"user:\""}}, "user:*"), "a:1");
  EXPECT_EQ(found_in({{"a", "\r\n\r\n\"user:\"\r\n"}}, "user:*"), "a:3");
  EXPECT_EQ(found_in({{"a", "\n\n\nuser:"}}, "user:*"), "a:4");
}

TEST(audit_source_search, StaysLinearInAFileFullOfHits) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "user:";
  EXPECT_EQ(found_in({{"a", text}}, "user:*"), "") << "one line of a megabyte";
  std::string lines;
  for (int i = 0; i < 200'000; ++i) lines += "user:\n";
  EXPECT_EQ(found_in({{"a", lines}}, "user:*"), "a:1");
}

TEST(audit_source_search, FindsManyPatternsAtOnce) {
  source_search search{{"user:*", "lock:user:*", "user:*", "*"}};
  EXPECT_FALSE(search.is_idle());
  search.read("a.py", "k = f\"user:{i}\"\nl = f\"lock:user:{i}\"\n");
  const std::map<std::string, source_place> places = search.places();
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places.at("user:*").line, 1U);
  EXPECT_EQ(places.at("lock:user:*").line, 2U);
  EXPECT_TRUE(source_search{{"*"}}.is_idle());
}

}  // namespace
}  // namespace drover::audit::located_test
