// SPDX-License-Identifier: MIT
#include "audit/capture/known_texts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/capture/value_digest.hpp"

namespace drover::audit::known_texts_test {
namespace {

known_text known_of(std::string_view value) {
  return known_text_of(value.substr(0, known_bytes_max), value.size());
}

TEST(audit_known_texts, AreWhatLanguagesMakeOfWhatIsNoText) {
  const std::vector<std::pair<std::string_view, known_text>> all{
      {"[object Object]", known_text::object},
      {"[object Promise]", known_text::object},
      {"\"[object Object]\"", known_text::object},
      {"<models.User object at 0x7f3a2c1d5e80>", known_text::object},
      {"<coroutine object load at 0x7f3a2c1d5e80>", known_text::object},
      {"Array", known_text::object},
      {"undefined", known_text::undefined},
      {"\"undefined\"", known_text::undefined},
      {"null", known_text::null},
      {"None", known_text::none},
      {"<nil>", known_text::none},
      {"NaN", known_text::not_a_number},
      {"nan", known_text::not_a_number},
      {"Traceback (most recent call last):\n  File \"a.py\"", known_text::error},
      {"TypeError: Cannot read properties of undefined", known_text::error},
      {"<html>\r\n<head><title>502 Bad Gateway</title></head>", known_text::error_page},
      {"<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found",
       known_text::error_page},
      {"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
       "charset=\"utf-8\">\n<title>Error</title>",
       known_text::error_page},
      {"  <!doctype html><html><head><title> Service Unavailable", known_text::error_page},
  };
  for (const auto& [text, known] : all) EXPECT_EQ(known_of(text), known) << text;
}

TEST(audit_known_texts, AreNoOtherTexts) {
  for (const std::string_view text :
       {"",
        "undefine",
        "undefined ",
        "nullable",
        "Nonesuch",
        "nano",
        "Arrays",
        "[1]",
        "{}",
        "[]",
        "[object Object",
        "{\"a\":\"undefined\"}",
        "<p>None</p>",
        "\"",
        "\"\"",
        "<html>",
        "<!DOCTYPE html><html><head><title>Shop</title></head><body>502 Bad Gateway",
        "<!DOCTYPE html><html><head><title>5000 recipes</title>",

        "Error handling in Go",
        "0",
        "NaNo"}) {
    EXPECT_EQ(known_of(text), known_text::no) << text;
  }
  const std::string page =
      "<!DOCTYPE html><html><head>" + std::string(400, ' ') + "<title>502 Bad Gateway</title>";
  EXPECT_EQ(known_of(page), known_text::no) << "too late in the page";
  EXPECT_EQ(known_of("[object " + std::string(300, 'x') + "]"), known_text::no);
}

TEST(audit_known_texts, AreInTheDigestOfAWholeValueAndOfItsPieces) {
  constexpr hash_key key{1, 2};
  const std::string page =
      "<html>\r\n<head><title>502 Bad Gateway</title></head>" + std::string(4000, 'x');
  for (const std::string& value : {std::string{"[object Object]"}, page, std::string{"a value"}}) {
    const digest whole = digest_of(key, value);
    EXPECT_EQ(whole.known, known_of(value));
    digest_stream stream{key};
    for (const char c : value) stream.add({&c, 1});
    EXPECT_EQ(stream.take(), whole);
  }
}

}  // namespace
}  // namespace drover::audit::known_texts_test
