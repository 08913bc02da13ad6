// SPDX-License-Identifier: MIT
#include "text/page_frame.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "text/page_parts.hpp"
#include "text/page_text.hpp"

namespace drover::text::page_frame_test {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(page_parts, CanStandInsideAPage) {
  for (const std::string_view part : {shared_script, chart_script}) {
    EXPECT_FALSE(has(part, "</script")) << part.substr(0, 60);
    EXPECT_FALSE(has(part, "<!--")) << part.substr(0, 60);
  }
  EXPECT_FALSE(has(shared_style, "</style"));
  EXPECT_TRUE(has(chart_script, "Chart.js v3."));
  EXPECT_TRUE(has(chart_licence, "Permission is hereby granted"));
}

TEST(page_frame, LetsNoScriptRunButItsOwn) {
  const page_frame frame{
      .title = "<t>", .made_by = "us", .style = "a{}", .script = "own();", .data = {}};
  const std::string head = page_head(frame);
  EXPECT_TRUE(has(head, "default-src 'none'"));
  EXPECT_TRUE(has(head, script_hash(chart_script) + ' ' +
                            script_hash(std::string{shared_script} + "own();") + '"'));
  EXPECT_TRUE(has(head, "<title>&lt;t&gt; - us</title>"));
  EXPECT_TRUE(has(head, "a{}</style>"));
}

TEST(page_frame, KeepsDataInsideItsElement) {
  page_frame frame;
  frame.data = "[\"</script><!--\"]";
  EXPECT_TRUE(
      has(page_tail(frame), "id=\"series\">[\"\\u003c/script\\u003e\\u003c!--\"]</script>"));
}

}  // namespace
}  // namespace drover::text::page_frame_test
