#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Does the first screen of a report have the answer? Chromium lays each page out for a laptop
and a phone, in both colour schemes, and for paper. Prints what is wrong, and keeps a
screenshot of each as DIR/NAME-WIDTH-SCHEME.png, and the paper as DIR/NAME-paper.pdf.
Usage: tests/browser.py DIR NAME.html..."""

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

SCREENS = ((1280, 800), (390, 844))
# A4, landscape, without its margins of 12 mm, at 96 pixels an inch.
PAPER = (1032, 703)
FIRST = ("question", "answer", "picture", "machines")

# Of each element of FIRST its box and the length of its text, and what must hold of the page.
MEASURE = """(() => {
    const boxes = {};
    for (const id of %s) {
        const e = document.getElementById(id);
        const seen = e && e.checkVisibility({opacityProperty: true, visibilityProperty: true});
        const r = e && e.getBoundingClientRect();
        boxes[id] = !seen ? null : {top: r.top, bottom: r.bottom, left: r.left,
            right: r.right, text: e.innerText.trim().length};
    }
    const small = [...document.querySelectorAll('main *')].filter(e =>
        [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) && e.checkVisibility() &&
        parseFloat(getComputedStyle(e).fontSize) < 11);
    return {boxes, width: innerWidth, height: innerHeight,
        scroll: document.documentElement.scrollWidth,
        ground: getComputedStyle(document.body).backgroundColor,
        tables: Math.max(0, ...[...document.querySelectorAll('table')].filter(e =>
            e.checkVisibility()).map(e => e.getBoundingClientRect().width)),
        open: document.querySelectorAll('details[open]').length,
        small: small.map(e => e.tagName + ': ' + e.innerText.slice(0, 20)).slice(0, 5)};
})()""" % json.dumps(FIRST)


class Browser:
    """Chromium at the other end of two pipes: JSON, each message ended by a zero byte."""

    def __init__(self, folder):
        to_it, self.to = os.pipe()
        self.fro, from_it = os.pipe()
        self.serial = 0
        self.buffer = b""
        self.session = None
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec "$@" 3<&"$TO" 4>&"$FROM"', "chromium", "chromium", "--headless",
             "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--user-data-dir={folder}", "--remote-debugging-pipe"],
            pass_fds=(to_it, from_it), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            env={**os.environ, "TO": str(to_it), "FROM": str(from_it), "HOME": folder})
        os.close(to_it)
        os.close(from_it)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        self.call("Page.enable")

    def receive(self):
        while b"\0" not in self.buffer:
            data = os.read(self.fro, 1 << 16)
            if not data:
                sys.exit("chromium has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.serial:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]

    def load(self, url):
        self.call("Page.navigate", url=url)
        while self.receive().get("method") != "Page.loadEventFired":
            pass

    def show(self, size, scheme, media=""):
        self.call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1],
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def measure(self):
        result = self.call("Runtime.evaluate", expression=MEASURE, returnByValue=True)
        if "exceptionDetails" in result:
            sys.exit(str(result["exceptionDetails"]))
        return result["result"]["value"]

    def screenshot(self, name):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(name).write_bytes(base64.b64decode(data))

    def paper(self, name):
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        pathlib.Path(name).write_bytes(base64.b64decode(data))

    def end(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait()


def wrong_with(where, seen):
    for name, box in seen["boxes"].items():
        if not box or not box["text"]:
            yield f"{where}: there is no {name}"
        elif box["top"] < 0 or box["bottom"] > seen["height"]:
            yield (f"{where}: the {name} is not on the first screen: it ends at"
                   f" {box['bottom']:.0f} of {seen['height']}")
        elif box["left"] < 0 or box["right"] > seen["width"]:
            yield f"{where}: the {name} is cut off at {box['right']:.0f} of {seen['width']}"
    if seen["scroll"] > seen["width"]:
        yield f"{where}: the page is {seen['scroll']} wide"
    if seen["small"]:
        yield f"{where}: too small to read: {seen['small']}"
    if seen["open"]:
        yield f"{where}: {seen['open']} evidence is not folded"


def brightness(colour):
    return sum(int(part) for part in colour.strip("rgba()").split(",")[:3])


def look_at(browser, page, folder):
    """Yields what is wrong with a page."""
    name = pathlib.Path(page).stem
    url = pathlib.Path(page).resolve().as_uri()
    for size in SCREENS:
        ground = {}
        for scheme in ("light", "dark"):
            browser.show(size, scheme)
            browser.load(url)
            seen = browser.measure()
            where = f"{size[0]}-{scheme}"
            browser.screenshot(f"{folder}/{name}-{where}.png")
            ground[scheme] = brightness(seen["ground"])
            yield from wrong_with(where, seen)
        if ground["light"] < 600 or ground["dark"] > 165:
            yield f"{size[0]}: the background is {ground} of 765"
    browser.show(PAPER, "dark", "print")
    seen = browser.measure()
    if brightness(seen["ground"]) < 600:
        yield f"paper: the background is {seen['ground']}"
    if seen["tables"] > PAPER[0]:
        yield f"paper: a table is {seen['tables']:.0f} of {PAPER[0]} wide"
    browser.paper(f"{folder}/{name}-paper.pdf")


def main():
    folder, *pages = sys.argv[1:]
    bad = 0
    signal.alarm(300)
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        for page in pages:
            for what in look_at(browser, page, folder):
                print(f"{pathlib.Path(page).stem}: {what}")
                bad += 1
        browser.end()
    sys.exit(bad > 0 or not pages)


if __name__ == "__main__":
    main()
