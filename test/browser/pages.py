# SPDX-License-Identifier: MIT
"""Tests of pages in headless Chromium. The tests in this folder use it.

Requires Debian's packages chromium-driver and python3-selenium.
"""

import argparse
import base64
import itertools
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
except ModuleNotFoundError:  # this python3 is not Debian's, which has the selenium package
    if sys.executable == DEBIANS_PYTHON or not os.path.exists(DEBIANS_PYTHON):
        sys.exit("selenium is missing: apt-get install chromium-driver python3-selenium")
    os.execv(DEBIANS_PYTHON, [DEBIANS_PYTHON, *sys.argv])
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys  # noqa: F401  (for the tests)

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
PATIENCE_S = 60
settings = argparse.Namespace(pages=[], shots=None, scratch=None)


def begin_browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--hide-scrollbars", "--disable-extensions",
                 "--disable-background-networking",
                 f"--user-data-dir={settings.scratch}/profile"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to run as root with a sandbox
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    program = shutil.which("chromedriver") or "/usr/bin/chromedriver"
    return webdriver.Chrome(options=options, service=Service(program))


def requests_of(browser):
    """The addresses that the page has requested since the last call."""
    addresses = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.append(message["params"]["request"]["url"])
    return addresses


# Returns the number of a canvas's pixels that are not transparent, and of their colours.
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


class page_test(unittest.TestCase):
    browser = None

    @classmethod
    def setUpClass(cls):
        cls.browser = begin_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def open(self, page, size="desktop", theme="light"):
        self.browser.get("about:blank")  # first, so that the last page does not draw itself again
        width, height = SIZES[size]
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"})
        self.set_theme(theme)
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
        if settings.shots is None:
            return
        metrics = self.browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        shot = self.browser.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": metrics["width"],
                     "height": min(metrics["height"], 6000), "scale": 1}})
        (settings.shots / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def everywhere(self, check):
        """Runs `check` on every page at every size and in every theme. Of several pages, each has
        only two of the four combinations, in turn: loading a page takes the longest."""
        pairs = [list(zip(SIZES, themes)) for themes in (THEMES, reversed(THEMES))]
        if len(settings.pages) == 1:
            pairs = [list(itertools.product(SIZES, THEMES))]
        for page, combinations in zip(settings.pages, itertools.cycle(pairs)):
            for size, theme in combinations:
                with self.subTest(page=page.name, size=size, theme=theme):
                    self.open(page, size, theme)
                    check(f"{page.stem}-{size}-{theme}")

    def opened_once(self, pages, checks):
        """Opens every page once, in turn at the one and the other size (a single page: at both),
        and runs all checks on it. Loading a page takes longer than most checks. A check begins
        with what the checks before it have left, except for what `calm` restores."""
        self.assertGreater(len(pages), 0)
        for page, size in zip(pages if len(pages) > 1 else pages * 2, itertools.cycle(SIZES)):
            self.open(page, size)
            for check in checks:
                with self.subTest(check.__name__, page=page.name, size=size):
                    self.calm()
                    check(page.stem)
                    self.assertEqual(self.browser.get_log("browser"), [])

    def calm(self):
        """Scrolls to the top of the page and leaves every element."""
        self.browser.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")

    def asked_for_nothing_else(self):
        self.assertEqual(self.browser.get_log("browser"), [])
        requested = [address for address in requests_of(self.browser)
                     if not address.startswith(("data:", "about:"))]
        self.assertEqual(requested, [self.browser.current_url])

    def canvases_are_painted(self):
        canvases = self.all("canvas:not([aria-hidden=true])")
        self.assertGreater(len(canvases), 0)
        for canvas in canvases:
            painted, colours = self.browser.execute_script(PIXELS, canvas)
            label = canvas.get_attribute("aria-label")
            self.assertGreater(painted, 300, label)
            self.assertGreater(colours, 3, label)
            self.assertEqual(canvas.get_attribute("role"), "img")
            self.assertTrue(label)

    def fits_the_window(self):
        wide, window = self.browser.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]")
        self.assertLessEqual(wide, window)
        # What is hidden has no height.
        low = self.browser.execute_script(
            "return [...document.querySelectorAll('button, summary')].filter(element => {"
            " const { height } = element.getBoundingClientRect();"
            " return height > 0 && height < 24; }).map(element => element.textContent)")
        self.assertEqual(low, [])

    def hidden(self, selector):
        """The texts of the elements that take no room."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].filter(element =>"
            " !element.getClientRects().length).map(element => element.textContent)", selector)

    def runs_no_script_but_its_own(self):
        """The last check of a page: the browser reports the script that it has refused to run."""
        self.assertEqual(len(self.all("script")), 3)
        self.assertEqual(len(self.all("img, iframe, object, embed, form")), 0)
        self.assertNotEqual(self.browser.title, "broken")
        self.browser.execute_script(
            "const added = document.createElement('script');"
            "added.textContent = 'document.title = \"broken\"';"
            "document.body.append(added)")
        self.assertNotEqual(self.browser.title, "broken")


def main(tests, description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("page", nargs="?", type=pathlib.Path)
    parser.add_argument("--made-by", nargs="+", metavar=("PROGRAM", "ARGUMENT"))
    parser.add_argument("--shots", type=pathlib.Path)
    arguments = parser.parse_args()
    if (arguments.page is None) == (arguments.made_by is None):
        parser.error("give a page, or --made-by PROGRAM")
    with tempfile.TemporaryDirectory(prefix="drover.browser.") as scratch:
        settings.scratch, settings.shots = scratch, arguments.shots
        if arguments.made_by:
            subprocess.run([*arguments.made_by, scratch], check=True)
            settings.pages = sorted(pathlib.Path(scratch).glob("*.html"))
        else:
            settings.pages = [arguments.page.resolve(strict=True)]
        result = unittest.TextTestRunner(verbosity=2).run(
            unittest.defaultTestLoader.loadTestsFromTestCase(tests))
    return 0 if result.wasSuccessful() and result.testsRun else 1
