#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests pages of `drover audit` in headless Chromium: wide and narrow, dark and light, with clicks.

  audit_report_test.py PAGE.html [--shots FOLDER]   test one page
  audit_report_test.py --made-by sample_page audit  test every page that sample_page writes

pages.py lists the required packages.
"""

import itertools
import sys

sys.dont_write_bytecode = True
from pages import By, Keys, settings, main, page_test

VIEW = "return document.getElementById('caption').textContent"
ROW_HEIGHT, AXIS_HEIGHT = 44, 22  # as in lanes.js


class audit_report(page_test):
    def test_draws_everything_in_the_window_without_complaint_or_network(self):
        def check(name):
            if self.all("canvas"):
                self.canvases_are_painted()
            self.fits_the_window()
            self.shoot(name)
            self.asked_for_nothing_else()
            self.the_timeline_begins_in_the_first_screen()
            self.runs_no_script_but_its_own()
        self.everywhere(check)

    def the_timeline_begins_in_the_first_screen(self):
        for timeline in self.all("#timeline"):
            self.browser.execute_script("window.scrollTo(0, 0)")
            top, height = self.browser.execute_script(
                "return [arguments[0].getBoundingClientRect().top, innerHeight]", timeline)
            self.assertLess(top, height - 100)

    def test_controls_do_what_they_say(self):
        drawn = [page for page in settings.pages if b'id="lanes"' in page.read_bytes()]
        self.opened_once(drawn[:2], [
            self.a_finding_goes_to_its_text_and_its_evidence,
            self.evidence_is_shown_on_the_timeline,
            self.buttons_and_keys_move_and_zoom,
            self.something_is_drawn_wherever_the_timeline_goes,
            self.the_keyboard_goes_to_each_row_and_command,
            self.a_key_hides_and_shows_its_rows,
            self.says_in_words_what_is_under_the_pointer,
            self.a_drag_moves_the_timeline_and_a_second_of_the_chart_goes_there,
            self.a_fix_prompt_is_there_to_copy,
            self.redraws_when_the_theme_changes,
            self.marks_differ_without_their_colours])

    def a_finding_goes_to_its_text_and_its_evidence(self, _):
        self.assertGreater(len(self.all("a[data-finding]")), 0)
        for link in self.all("a[data-finding]"):
            place = link.get_attribute("data-finding")
            has_evidence = self.all(f"#f{place} .jump")
            self.go("all")
            before = self.browser.execute_script(VIEW)
            self.click(link)
            card = self.browser.find_element(By.ID, "f" + place)
            self.assertEqual(self.browser.switch_to.active_element, card)
            self.assertIn("shown", card.get_attribute("class"))
            self.assertEqual(len(self.all(".shown")), 1)
            self.wait_for("const box = arguments[0].getBoundingClientRect();"
                          "return box.top < innerHeight && box.bottom > 0", card)
            after = self.browser.execute_script(VIEW)
            self.assertEqual(before != after, bool(has_evidence), after)

    def evidence_is_shown_on_the_timeline(self, _):
        self.assertGreater(len(self.all(".evidence .jump")), 0)
        for details in self.all(".evidence"):
            if details.get_attribute("open") is None:
                self.click(details.find_element(By.CSS_SELECTOR, "summary"))
            jump = details.find_element(By.CSS_SELECTOR, ".jump")
            self.click(jump)
            lanes = self.browser.find_element(By.ID, "lanes")
            self.assertEqual(self.browser.switch_to.active_element, lanes)
            self.wait_for("const box = arguments[0].getBoundingClientRect();"
                          "return box.top < innerHeight && box.bottom > 0", lanes)
            summary = self.browser.execute_script(
                "const finding = JSON.parse(document.getElementById('series').textContent)"
                ".findings[arguments[0]]; return finding.title + ', ' + "
                "finding.evidence[arguments[1]].summary", jump.get_attribute("data-finding"),
                jump.get_attribute("data-evidence"))
            self.assertIn(summary, self.browser.execute_script(VIEW))

    def go(self, where):
        """Clicks a button below the chart, without the time that a real click takes."""
        self.browser.execute_script(f"document.querySelector('[data-go={where}]').click()")

    def buttons_and_keys_move_and_zoom(self, _):
        go = {button.get_attribute("data-go"): button for button in self.all("[data-go]")}
        self.click(go["all"])
        self.assertIn("the whole run", self.browser.execute_script(VIEW))
        views = [self.browser.execute_script(VIEW)]
        for step in ("in", "in", "right", "left", "left", "out", "next", "next", "previous"):
            self.click(go[step])
            views.append(self.browser.execute_script(VIEW))
        self.assertGreater(len(set(views)), 6, views)
        self.click(go["all"])
        lanes = self.browser.find_element(By.ID, "lanes")
        for key in ("+", "-"):
            lanes.send_keys(key)
            views.append(self.browser.execute_script(VIEW))
        self.assertNotEqual(views[-2], views[-1])
        self.assertIn("the whole run", views[-1])

    # Defines `drawn()`: the length of the visible part, and the number of items that the shown rows
    # have in it, as the series says.
    DRAWN = """
      const series = JSON.parse(document.getElementById("series").textContent);
      const box = document.getElementById("lanes");
      const groupOf = (key) => ({ value: "values", lock: "locks" })[series.roles[key]] || "others";
      const all = [
        ...series.operations.map(([a, b, , key]) => [a, b, key, true]),
        ...series.loads.map(([key, , a, b]) => [a, b, key, true]),
        ...series.cold.map(([key, a, b]) => [a, b, key, false])];
      const drawn = () => {
        const isShown = {};
        for (const key of document.querySelectorAll("[data-group]")) {
          isShown[key.dataset.group] = key.getAttribute("aria-pressed") === "true";
        }
        const from = +box.dataset.from, to = +box.dataset.to;
        return [to - from, all.filter(([a, b, key, ofProcess]) => b >= from && a <= to &&
          (isShown[groupOf(key)] || (ofProcess && isShown.processes))).length];
      };
      const press = (key) => box.dispatchEvent(new KeyboardEvent("keydown", { key }));"""

    def something_is_drawn(self, doing):
        wide, count = self.browser.execute_script(self.DRAWN + "return drawn()")
        self.assertGreater(wide, 0)
        self.assertGreater(count, 0, doing)

    def something_is_drawn_wherever_the_timeline_goes(self, _):
        steps = (["all"] + ["in"] * 14 + ["next"] + ["in"] * 12 + ["right"] * 12 + ["left"] * 12 +
                 ["previous"] + ["out"] * 3 + ["right"] * 4)
        keys = ["0"] + ["+"] * 7 + ["Home", "End"]
        seen = self.browser.execute_script(self.DRAWN + """
          const seen = [];
          for (const step of arguments[0]) {
            document.querySelector(`[data-go=${step}]`).click();
            seen.push([step, ...drawn()]);
          }
          for (const key of arguments[1]) {
            press(key);
            seen.push([key, ...drawn()]);
          }
          return seen;""", steps, keys)
        self.assertEqual(len(seen), len(steps) + len(keys))
        self.assertGreater(len({wide for _, wide, _ in seen}), 12)
        for doing, wide, count in seen:
            self.assertGreater(wide, 0, doing)
            self.assertGreater(count, 0, doing)
        # Where nothing happens: the middle between two seconds, by a click on the chart.
        seconds = self.browser.find_element(By.ID, "seconds")
        for share in (0.2, 0.31, 0.5, 0.77, 0.9):
            self.go("all")
            before = self.browser.execute_script(VIEW)
            self.browser.execute_script("""
              const box = arguments[0].getBoundingClientRect();
              arguments[0].dispatchEvent(new MouseEvent("click", { bubbles: true,
                clientX: box.left + box.width * arguments[1],
                clientY: box.top + 0.6 * box.height }));""",
                                        seconds, share)
            self.wait_for(VIEW + " !== arguments[0]", before)
            self.something_is_drawn(share)
        for by in (-300, 250, -700, 900):
            self.drag(by)
            self.something_is_drawn(by)

    def the_keyboard_goes_to_each_row_and_command(self, name):
        lanes = self.browser.find_element(By.ID, "lanes")
        # The last element before the timeline that the Tab key reaches.
        buttons = self.all("#groups button")
        self.browser.execute_script("arguments[0].focus()", buttons[-1])
        buttons[-1].send_keys(Keys.TAB)
        self.assertEqual(self.browser.switch_to.active_element, lanes)
        style, wide = self.browser.execute_script(
            "const style = getComputedStyle(arguments[0]);"
            "return [style.outlineStyle, parseFloat(style.outlineWidth)]", lanes)
        self.assertEqual(style, "solid")
        self.assertGreaterEqual(wide, 2)
        rows = self.browser.execute_script(self.DRAWN + """
          const caption = document.getElementById("caption"), rows = [];
          press("0");
          while (rows.length < 2 || rows[rows.length - 1] !== rows[rows.length - 2]) {
            press("ArrowDown");
            rows.push(caption.textContent);
          }
          for (const _ of rows) press("ArrowUp");
          return [...rows, caption.textContent];""")
        self.assertEqual(rows[-1], rows[0])
        self.assertEqual(len(set(rows)), len(rows) - 2, rows)
        self.assertGreater(len(rows), 5)
        lanes.send_keys(Keys.ARROW_DOWN)  # real keys do the same
        self.assertEqual(self.browser.execute_script(VIEW), rows[1])
        lanes.send_keys(Keys.ARROW_UP)
        texts = set()
        for _ in range(4):
            lanes.send_keys(Keys.SHIFT, Keys.ARROW_RIGHT)
            tip = self.browser.find_element(By.CSS_SELECTOR, ".tip")
            self.assertTrue(tip.is_displayed())
            self.assertTrue(tip.text.startswith(rows[0][:8]), tip.text)
            texts.add(tip.text)
        self.assertGreater(len(texts), 1)
        if name == "a_unsafe":
            self.assertTrue(any("GET user:42 -> nothing" in text for text in texts), texts)
        lanes.send_keys(Keys.ESCAPE)
        self.assertFalse(self.browser.find_element(By.CSS_SELECTOR, ".tip").is_displayed())
        for link in self.all("a[data-finding]")[:1]:
            link.send_keys(Keys.ENTER)
            card = self.browser.find_element(By.ID, "f" + link.get_attribute("data-finding"))
            self.assertEqual(self.browser.switch_to.active_element, card)

    def a_key_hides_and_shows_its_rows(self, _):
        height = "return document.querySelector('#lanes canvas').clientHeight"
        for key in self.all("[data-group]"):
            is_shown = key.get_attribute("aria-pressed")
            before = self.browser.execute_script(height)
            self.click(key)
            self.assertNotEqual(key.get_attribute("aria-pressed"), is_shown)
            after = self.browser.execute_script(height)
            self.assertEqual(after < before, is_shown == "true")
            self.click(key)
            self.assertEqual(self.browser.execute_script(height), before)

    def words_under_the_pointer(self):
        """The texts of the tooltip for pointer positions all over the lanes."""
        return self.browser.execute_script("""
          const canvas = document.querySelector("#lanes canvas");
          const box = canvas.getBoundingClientRect();
          const texts = [];
          for (let y = arguments[0] + arguments[1] / 2; y < box.height; y += arguments[1]) {
            for (let x = 4; x < box.width; x += 6) {
              canvas.dispatchEvent(new PointerEvent("pointermove", { bubbles: true,
                clientX: box.left + x, clientY: box.top + y }));
              const tip = document.querySelector(".tip");
              if (!tip.hidden) texts.push(tip.textContent);
            }
          }
          return texts;""", AXIS_HEIGHT, ROW_HEIGHT)

    def says_in_words_what_is_under_the_pointer(self, name):
        self.go("all")
        self.go("next")
        words = self.words_under_the_pointer()
        self.assertGreater(len(words), 10)
        if name == "a_unsafe":
            for part in ("load of user:42 by python3 (4711)", "cold: 6 requests, 6 loads",
                         "GET user:42 -> nothing", "lock:user:42"):
                self.assertTrue(any(part in text for text in words), part)

    def drag(self, by):
        self.browser.execute_script("""
          const canvas = document.querySelector("#lanes canvas");
          const box = canvas.getBoundingClientRect();
          canvas.setPointerCapture = () => {};
          const at = (kind, x) => canvas.dispatchEvent(new PointerEvent(kind,
            { bubbles: true, clientX: box.left + x, clientY: box.top + 40, pointerId: 1 }));
          at("pointerdown", 200);
          at("pointermove", 200 + arguments[0]);
          at("pointerup", 200 + arguments[0]);""", by)

    def a_drag_moves_the_timeline_and_a_second_of_the_chart_goes_there(self, _):
        before = self.browser.execute_script(VIEW)
        self.go("all")
        self.go("in")
        centred = self.browser.execute_script(VIEW)
        self.drag(-80)
        dragged = self.browser.execute_script(VIEW)
        self.assertNotEqual(dragged, centred)
        self.click(self.browser.find_element(By.ID, "seconds"))
        # Chart.js hands events to its callbacks with the next frame.
        self.wait_for(VIEW + " !== arguments[0]", dragged)
        self.assertNotEqual(before, dragged)

    def a_fix_prompt_is_there_to_copy(self, _):
        self.assertGreater(len(self.all(".copy")), 0)
        for details in self.all(".finding > details:not(.evidence)"):
            self.click(details.find_element(By.CSS_SELECTOR, "summary"))
            prompt = details.find_element(By.CSS_SELECTOR, "pre")
            self.assertIn("Fix one fault", prompt.text)
            self.click(details.find_element(By.CSS_SELECTOR, ".copy"))

    def redraws_when_the_theme_changes(self, _):
        pixels = "return document.querySelector('#lanes canvas').toDataURL()"
        before = self.browser.execute_script(pixels)
        self.set_theme("dark")
        self.wait_for(f"{pixels} !== arguments[0]", before)
        self.set_theme("light")
        self.wait_for(f"{pixels} === arguments[0]", before)

    def marks_differ_without_their_colours(self, _):
        # All colours of marks become black, and a change of the theme draws them again.
        self.browser.execute_script("""
          for (const name of ["load", "hit", "miss", "store", "lock", "made", "bad", "accent",
              "faint"]) {
            document.documentElement.style.setProperty("--" + name, "#000000");
          }""")
        self.set_theme("dark")
        self.wait_for("return page.colour('load') === '#000000'")
        masks = self.browser.execute_script("""
          const masks = {};
          for (const canvas of document.querySelectorAll("canvas.sample")) {
            const { data } = canvas.getContext("2d")
              .getImageData(0, 0, canvas.width, canvas.height);
            const ink = [];
            // How dark each pixel is: white marks on a white ground are no difference.
            for (let i = 0; i < data.length; i += 4) ink.push(data[i + 3] * (1 - data[i] / 255));
            masks[canvas.dataset.kind] = ink;
          }
          return masks;""")
        self.assertGreater(len(masks), 12)
        for one, other in itertools.combinations(masks, 2):
            difference = sum(abs(a - b) for a, b in zip(masks[one], masks[other])) / 255
            self.assertGreater(difference, 8, (one, other))
        hatched = self.browser.execute_script(
            "return Chart.getChart('seconds').data.datasets.map(set =>"
            " set.backgroundColor instanceof CanvasPattern)")
        self.assertEqual(hatched, [False] + [True] * (len(hatched) - 1))
        self.browser.execute_script("document.documentElement.removeAttribute('style')")
        self.set_theme("light")

    def test_says_everything_without_a_script(self):
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            for page in settings.pages:
                self.browser.get(page.as_uri())
                for selector in ("noscript p", "h1 .verdict", "table.coverage"):
                    self.assertTrue(self.all(selector)[0].is_displayed(), selector)
                self.assertEqual(self.hidden(".evidence[open] table, .finding .todo"), [])
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


if __name__ == "__main__":
    sys.exit(main(audit_report, __doc__.splitlines()[0]))
