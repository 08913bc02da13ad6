#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests pages of `drover audit` in headless Chromium: wide and narrow, dark and light, with clicks.

  audit_report_test.py PAGE.html [--shots FOLDER]   test one page
  audit_report_test.py --made-by sample_page audit  test every page that sample_page writes

pages.py lists the required packages.
"""

import sys

sys.dont_write_bytecode = True
from pages import SIZES, By, settings, main, page_test

VIEW = "return document.getElementById('caption').textContent"
ROW_HEIGHT, AXIS_HEIGHT = 44, 22  # as in lanes.js


class audit_report(page_test):
    def where(self, selector, check):
        """Runs `check` on the first two pages that have such an element: one wide, one narrow."""
        sizes = list(SIZES)
        for page in settings.pages * 2:  # a single page is checked at both sizes
            with self.subTest(page=page.name, size=sizes[0]):
                self.open(page, sizes[0])
                if not self.all(selector):
                    continue
                sizes.pop(0)
                check(page.stem)
            if not sizes:
                return
        self.fail(f"no page has {selector}")

    def test_draws_everything_in_the_window_without_complaint_or_network(self):
        def check(name):
            if self.all("canvas"):
                self.canvases_are_painted()
            self.fits_the_window()
            self.shoot(name)
            self.asked_for_nothing_else()
        self.everywhere(check)

    def test_a_finding_goes_to_its_text_and_its_evidence(self):
        def check(_):
            for link in self.all("a[data-finding]"):
                place = link.get_attribute("data-finding")
                has_evidence = self.all(f"#f{place} .jump")
                self.click(self.browser.find_element(By.CSS_SELECTOR, "[data-go=all]"))
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
        self.where("a[data-finding]", check)

    def test_evidence_is_shown_on_the_timeline(self):
        def check(_):
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
        self.where(".jump", check)

    def test_buttons_and_keys_move_and_zoom(self):
        def check(_):
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
        self.where("#lanes", check)

    def test_a_key_hides_and_shows_its_rows(self):
        height = "return document.querySelector('#lanes canvas').clientHeight"
        def check(_):
            for key in self.all("[data-group]"):
                is_shown = key.get_attribute("aria-pressed")
                before = self.browser.execute_script(height)
                self.click(key)
                self.assertNotEqual(key.get_attribute("aria-pressed"), is_shown)
                after = self.browser.execute_script(height)
                self.assertEqual(after < before, is_shown == "true")
                self.click(key)
                self.assertEqual(self.browser.execute_script(height), before)
        self.where("[data-group]", check)

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

    def test_says_in_words_what_is_under_the_pointer(self):
        def check(name):
            self.click(self.all("[data-go=all]")[0])
            self.click(self.all("[data-go=next]")[0])
            words = self.words_under_the_pointer()
            self.assertGreater(len(words), 10)
            if name == "a_unsafe":
                for part in ("load of user:42 by python3 (4711)", "cold: 6 requests, 6 loads",
                             "GET user:42 -> nothing", "lock:user:42"):
                    self.assertTrue(any(part in text for text in words), part)
            self.assertEqual(self.browser.get_log("browser"), [])
        self.where("#lanes", check)

    def test_a_drag_moves_the_timeline_and_a_second_of_the_chart_goes_there(self):
        def check(_):
            before = self.browser.execute_script(VIEW)
            self.click(self.all("[data-go=all]")[0])
            self.click(self.all("[data-go=in]")[0])
            centred = self.browser.execute_script(VIEW)
            self.browser.execute_script("""
              const canvas = document.querySelector("#lanes canvas");
              const box = canvas.getBoundingClientRect();
              canvas.setPointerCapture = () => {};
              const at = (kind, x) => canvas.dispatchEvent(new PointerEvent(kind,
                { bubbles: true, clientX: box.left + x, clientY: box.top + 40, pointerId: 1 }));
              at("pointerdown", 200); at("pointermove", 120); at("pointerup", 120);""")
            dragged = self.browser.execute_script(VIEW)
            self.assertNotEqual(dragged, centred)
            self.click(self.browser.find_element(By.ID, "seconds"))
            # Chart.js hands events to its callbacks with the next frame.
            self.wait_for(VIEW + " !== arguments[0]", dragged)
            self.assertNotEqual(before, dragged)
        self.where("#lanes", check)

    def test_a_fix_prompt_is_there_to_copy(self):
        def check(_):
            for details in self.all(".finding > details:not(.evidence)"):
                self.click(details.find_element(By.CSS_SELECTOR, "summary"))
                prompt = details.find_element(By.CSS_SELECTOR, "pre")
                self.assertIn("Fix one fault", prompt.text)
                self.click(details.find_element(By.CSS_SELECTOR, ".copy"))
            self.assertEqual(self.browser.get_log("browser"), [])
        self.where(".copy", check)

    def test_redraws_when_the_theme_changes(self):
        for page in settings.pages:
            self.open(page)
            if not self.all("canvas"):
                continue
            pixels = "return document.querySelector('#lanes canvas').toDataURL()"
            before = self.browser.execute_script(pixels)
            self.set_theme("dark")
            self.wait_for(f"{pixels} !== arguments[0]", before)
            self.assertEqual(self.browser.get_log("browser"), [])
            return
        self.fail("no page has a timeline")

    def test_says_everything_without_a_script(self):
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            for page in settings.pages:
                self.browser.get(page.as_uri())
                for selector in ("noscript p", "h1 .verdict", "table.coverage"):
                    self.assertTrue(self.all(selector)[0].is_displayed(), selector)
                for element in self.all(".evidence[open] table, .finding .todo"):
                    self.assertTrue(element.is_displayed())
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_runs_no_script_but_its_own(self):
        for page in settings.pages:
            self.open(page)
            self.runs_no_script_but_its_own()


if __name__ == "__main__":
    sys.exit(main(audit_report, __doc__.splitlines()[0]))
