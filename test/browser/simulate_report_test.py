#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests pages of `drover simulate` in headless Chromium: wide, narrow, dark, light, with clicks.

  simulate_report_test.py PAGE.html [--shots FOLDER]      test one page
  simulate_report_test.py --made-by sample_page simulate  test every page that sample_page writes

pages.py lists the required packages.
"""

import sys

sys.dont_write_bytecode = True
from pages import By, settings, main, page_test


class simulate_report(page_test):
    def both_charts_of_a_strategy_have_one_time_axis(self):
        for card in self.all(".timeline"):
            edges = self.browser.execute_script(
                "return [...arguments[0].querySelectorAll('canvas')].map(canvas => {"
                " const area = Chart.getChart(canvas).chartArea;"
                " return [area.left, area.right]; })", card)
            self.assertEqual(edges[0], edges[1])

    def test_draws_every_chart_in_the_window_without_complaint_or_network(self):
        def check(name):
            self.canvases_are_painted()
            self.fits_the_window()
            self.both_charts_of_a_strategy_have_one_time_axis()
            self.shoot(name)
            self.asked_for_nothing_else()
            self.runs_no_script_but_its_own()
        self.everywhere(check)

    def test_controls_do_what_they_say(self):
        self.opened_once(settings.pages, [
            self.a_key_hides_and_shows_its_strategy,
            self.a_name_goes_to_its_timeline_even_when_it_was_hidden,
            self.shows_numbers_under_the_pointer,
            self.details_open_and_the_command_is_there_to_copy,
            self.redraws_when_the_theme_changes])

    def a_key_hides_and_shows_its_strategy(self, _):
        for key in self.all(".key"):
            place = (key.get_attribute("data-round"), key.get_attribute("data-strategy"))
            card = self.browser.find_element(By.ID, "r{}s{}".format(*place))
            visible = ("return Chart.getChart(document.querySelector('canvas[data-chart=waits]"
                       f"[data-round=\"{place[0]}\"]')).isDatasetVisible({place[1]})")
            self.assertTrue(card.is_displayed())
            self.assertTrue(self.browser.execute_script(visible))
            self.click(key)
            self.assertEqual(key.get_attribute("aria-pressed"), "false")
            self.assertFalse(card.is_displayed())
            self.assertFalse(self.browser.execute_script(visible))
            self.click(key)
            self.assertTrue(card.is_displayed())
            self.assertTrue(self.browser.execute_script(visible))

    def a_name_goes_to_its_timeline_even_when_it_was_hidden(self, _):
        for selector in (".tile", "tbody th a"):
            links = self.all(selector)
            self.assertGreater(len(links), 0)
            self.click(self.all(".key")[0])
            for link in links:
                self.click(link)
                card = self.browser.find_element(By.ID, link.get_attribute("href").split("#")[1])
                self.assertTrue(card.is_displayed())
                self.assertIn("shown", card.get_attribute("class"))
                self.assertEqual(self.browser.switch_to.active_element, card)
                self.assertEqual(len(self.all(".shown")), 1)
                self.wait_for("const box = arguments[0].getBoundingClientRect();"
                              "return box.top < innerHeight && box.bottom > 0", card)

    def redraws_when_the_theme_changes(self, _):
        ink = "return getComputedStyle(document.body).color"
        chart = ("return Chart.getChart(document.querySelector('canvas[data-chart=waits]'))"
                 ".options.scales.y.ticks.color")
        before = self.browser.execute_script(ink), self.browser.execute_script(chart)
        self.set_theme("dark")
        self.wait_for(f"return (() => {{ {chart} }})() !== {before[1]!r}")
        self.assertNotEqual(self.browser.execute_script(ink), before[0])
        self.set_theme("light")
        self.wait_for(f"return (() => {{ {chart} }})() === {before[1]!r}")

    def shows_numbers_under_the_pointer(self, _):
        for canvas in self.all("canvas"):
            self.browser.execute_script(
                "arguments[0].scrollIntoView({block: 'center'});"
                "const box = arguments[0].getBoundingClientRect();"
                "arguments[0].dispatchEvent(new MouseEvent('mousemove', {bubbles: true,"
                " clientX: box.left + 80, clientY: box.top + box.height / 2}))", canvas)
            self.wait_for("return Chart.getChart(arguments[0]).tooltip.opacity > 0 &&"
                          " Chart.getChart(arguments[0]).tooltip.body.length > 0", canvas)

    def details_open_and_the_command_is_there_to_copy(self, _):
        for details in self.all("details"):
            self.click(details.find_element(By.CSS_SELECTOR, "summary"))
            self.assertTrue(details.find_element(By.CSS_SELECTOR, "dl, pre").is_displayed())
        self.click(self.browser.find_element(By.ID, "copy"))

    def test_says_everything_without_a_script(self):
        page = settings.pages[0]
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            self.browser.get(page.as_uri())
            for selector in ("noscript p", "table", ".verdict", ".tile"):
                self.assertTrue(self.all(selector)[0].is_displayed(), selector)
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


if __name__ == "__main__":
    sys.exit(main(simulate_report, __doc__.splitlines()[0]))
