// SPDX-License-Identifier: MIT
#include "text/page_text.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace drover::text::page_text_test {
namespace {

TEST(page_text, LeavesNothingThatMarkupIsMadeOf) {
  EXPECT_EQ(html_escaped("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
  EXPECT_EQ(html_escaped("gr\xC3\xBC\xC3\x9F\n\t"), "gr\xC3\xBC\xC3\x9F\n\t");
}

TEST(page_text, ShowsThatSomethingIsNotToBeSeen) {
  const std::string instead = "\xEF\xBF\xBD";
  for (const std::string& hidden :
       {std::string{"\x1b"}, std::string{"\xff"}, std::string{"\xC2\x9B"}, std::string("\0", 1),
        std::string{"\xE2\x80\xAE"}, std::string{"\xE2\x81\xA6"}, std::string{"\r"}}) {
    EXPECT_EQ(html_escaped("a" + hidden + "b"), "a" + instead + "b");
  }
  EXPECT_EQ(html_escaped("\xE2\x80\x9C"), "\xE2\x80\x9C");
}

TEST(page_text, IsSafeForAnyBytes) {
  std::mt19937 random{3};
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& byte : text) byte = static_cast<char>(random());
    const std::string result = html_escaped(text);
    EXPECT_EQ(result.find_first_of("<>\"'\r\x1b"), std::string::npos);
    EXPECT_EQ(safe_json(text).find_first_of("<>&"), std::string::npos);
  }
}

TEST(page_text, PutsTextBetweenTags) {
  EXPECT_EQ(html_element("p", "", "a<b"), "<p>a&lt;b</p>\n");
  EXPECT_EQ(html_element("p", "class=\"c\"", ""), "<p class=\"c\"></p>\n");
}

TEST(page_text, NamesAScriptAsAPolicyDoes) {
  // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
  EXPECT_EQ(script_hash("alert(1)"), "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='");
}

}  // namespace
}  // namespace drover::text::page_text_test
