#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks at pages of `drover simulate` in headless Chromium: wide, narrow, dark, light, clicked.

  simulate_report_test.py PAGE.html [--shots FOLDER]       one page
  simulate_report_test.py --made-by PROGRAM [--shots ...]  every page that `PROGRAM FOLDER` writes

Needs Debian's chromium-driver and python3-selenium.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

DEBIANS_PYTHON = "/usr/bin/python3"
try:
    from selenium import webdriver
except ModuleNotFoundError:  # another python3 comes first here, and selenium is Debian's
    if sys.executable == DEBIANS_PYTHON or not os.path.exists(DEBIANS_PYTHON):
        sys.exit("selenium is missing: apt-get install chromium-driver python3-selenium")
    os.execv(DEBIANS_PYTHON, [DEBIANS_PYTHON, *sys.argv])
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
PATIENCE_S = 60
given = argparse.Namespace(pages=[], shots=None, scratch=None)


def begin_browser():
    options = webdriver.ChromeOptions()
    for each in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--hide-scrollbars", "--disable-extensions",
                 "--disable-background-networking",
                 f"--user-data-dir={given.scratch}/profile"):
        options.add_argument(each)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # it refuses to run as root with one
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    program = shutil.which("chromedriver") or "/usr/bin/chromedriver"
    return webdriver.Chrome(options=options, service=Service(program))


def requests_of(browser):
    """The addresses that the page asked for, since the last question."""
    addresses = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.append(message["params"]["request"]["url"])
    return addresses


# How many of a canvas's pixels are not transparent, and how many colours they have.
PIXELS = """
  const canvas = arguments[0];
  const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  let painted = 0;
  for (let i = 0; i < all.length; i += 4) {
    if (all[i + 3] === 0) continue;
    ++painted;
    colours.add((all[i] << 16) | (all[i + 1] << 8) | all[i + 2]);
  }
  return [painted, colours.size];
"""


class simulate_report(unittest.TestCase):
    browser = None

    @classmethod
    def setUpClass(cls):
        cls.browser = begin_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def open(self, page, size="desktop", theme="light"):
        width, height = SIZES[size]
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"})
        self.set_theme(theme)
        self.browser.get("about:blank")
        requests_of(self.browser)
        self.browser.get_log("browser")
        self.browser.get(page.as_uri())
        self.wait_for("return document.documentElement.dataset.drawn !== undefined")

    def set_theme(self, theme):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": theme},
                         {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def wait_for(self, script, *arguments):
        end = time.monotonic() + PATIENCE_S
        while not self.browser.execute_script(script, *arguments):
            self.assertLess(time.monotonic(), end, f"never true: {script}")
            time.sleep(0.02)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def click(self, element):
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def shoot(self, name):
        if given.shots is None:
            return
        metrics = self.browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        shot = self.browser.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": metrics["width"],
                     "height": min(metrics["height"], 6000), "scale": 1}})
        (given.shots / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def everywhere(self, check, themes=("light",)):
        """For every page at every size."""
        for page in given.pages:
            for size in SIZES:
                for theme in themes:
                    with self.subTest(page=page.name, size=size, theme=theme):
                        self.open(page, size, theme)
                        check(f"{page.stem}-{size}-{theme}")

    def test_draws_every_chart_without_complaint_or_network(self):
        def check(name):
            canvases = self.all("canvas")
            self.assertGreater(len(canvases), 0)
            for canvas in canvases:
                painted, colours = self.browser.execute_script(PIXELS, canvas)
                label = canvas.get_attribute("aria-label")
                self.assertGreater(painted, 300, label)
                self.assertGreater(colours, 3, label)
                self.assertEqual(canvas.get_attribute("role"), "img")
                self.assertTrue(label)
            self.shoot(name)
            self.assertEqual(self.browser.get_log("browser"), [])
            asked = [each for each in requests_of(self.browser)
                     if not each.startswith(("data:", "about:"))]
            self.assertEqual(asked, [self.browser.current_url])
        self.everywhere(check, themes=("light", "dark"))

    def test_fits_the_window(self):
        def check(_):
            wide, window = self.browser.execute_script(
                "return [document.documentElement.scrollWidth, window.innerWidth]")
            self.assertLessEqual(wide, window)
            for each in self.all("button, summary"):
                if each.is_displayed():
                    self.assertGreaterEqual(each.size["height"], 24, each.text)
        self.everywhere(check)

    def test_a_key_hides_and_shows_its_strategy(self):
        def check(_):
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
        self.everywhere(check)

    def test_a_name_goes_to_its_timeline_even_when_it_was_hidden(self):
        def check(_):
            for selector in (".tile", "tbody th a"):
                links = self.all(selector)
                self.assertGreater(len(links), 0)
                self.click(self.all(".key")[0])
                for link in links:
                    self.click(link)
                    card = self.browser.find_element(
                        By.ID, link.get_attribute("href").split("#")[1])
                    self.assertTrue(card.is_displayed())
                    self.assertIn("shown", card.get_attribute("class"))
                    self.assertEqual(self.browser.switch_to.active_element, card)
                    self.assertEqual(len(self.all(".shown")), 1)
                    self.wait_for("const box = arguments[0].getBoundingClientRect();"
                                  "return box.top < innerHeight && box.bottom > 0", card)
        self.everywhere(check)

    def test_both_charts_of_a_strategy_have_one_time_axis(self):
        def check(_):
            for card in self.all(".timeline"):
                edges = self.browser.execute_script(
                    "return [...arguments[0].querySelectorAll('canvas')].map(each => {"
                    " const area = Chart.getChart(each).chartArea;"
                    " return [area.left, area.right]; })", card)
                self.assertEqual(edges[0], edges[1])
        self.everywhere(check)

    def test_redraws_when_the_theme_changes(self):
        page = given.pages[0]
        self.open(page)
        ink = "return getComputedStyle(document.body).color"
        chart = ("return Chart.getChart(document.querySelector('canvas[data-chart=waits]'))"
                 ".options.scales.y.ticks.color")
        before = self.browser.execute_script(ink), self.browser.execute_script(chart)
        self.set_theme("dark")
        self.wait_for(f"return (() => {{ {chart} }})() !== {before[1]!r}")
        self.assertNotEqual(self.browser.execute_script(ink), before[0])
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_shows_numbers_under_the_pointer(self):
        page = given.pages[0]
        self.open(page)
        for canvas in self.all("canvas"):
            self.browser.execute_script(
                "arguments[0].scrollIntoView({block: 'center'});"
                "const box = arguments[0].getBoundingClientRect();"
                "arguments[0].dispatchEvent(new MouseEvent('mousemove', {bubbles: true,"
                " clientX: box.left + 80, clientY: box.top + box.height / 2}))", canvas)
            self.wait_for("return Chart.getChart(arguments[0]).tooltip.opacity > 0 &&"
                          " Chart.getChart(arguments[0]).tooltip.body.length > 0", canvas)
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_details_open_and_the_command_is_there_to_copy(self):
        for page in given.pages:
            self.open(page)
            for each in self.all("details"):
                self.click(each.find_element(By.CSS_SELECTOR, "summary"))
                self.assertTrue(each.find_element(By.CSS_SELECTOR, "dl, pre").is_displayed())
            self.click(self.browser.find_element(By.ID, "copy"))
            self.assertEqual(self.browser.get_log("browser"), [])

    def test_says_everything_without_a_script(self):
        page = given.pages[0]
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            self.browser.get(page.as_uri())
            for selector in ("noscript p", "table", ".verdict", ".tile"):
                self.assertTrue(self.all(selector)[0].is_displayed(), selector)
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_runs_no_script_but_its_own(self):
        for page in given.pages:
            self.open(page)
            self.assertEqual(len(self.all("script")), 3)
            self.assertEqual(len(self.all("img, iframe, object, embed, form")), 0)
            self.assertNotEqual(self.browser.title, "broken")
            self.browser.execute_script(
                "const added = document.createElement('script');"
                "added.textContent = 'document.title = \"broken\"';"
                "document.body.append(added)")
            self.assertNotEqual(self.browser.title, "broken")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", nargs="?", type=pathlib.Path)
    parser.add_argument("--made-by", type=pathlib.Path)
    parser.add_argument("--shots", type=pathlib.Path)
    asked = parser.parse_args()
    if (asked.page is None) == (asked.made_by is None):
        parser.error("give a page, or --made-by PROGRAM")
    with tempfile.TemporaryDirectory(prefix="drover.browser.") as scratch:
        given.scratch, given.shots = scratch, asked.shots
        if asked.made_by:
            subprocess.run([asked.made_by, scratch], check=True)
            given.pages = sorted(pathlib.Path(scratch).glob("*.html"))
        else:
            given.pages = [asked.page.resolve(strict=True)]
        result = unittest.TextTestRunner(verbosity=2).run(
            unittest.defaultTestLoader.loadTestsFromTestCase(simulate_report))
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
