"""A real browser without a window, led over a pipe by its DevTools protocol."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from base64 import b64decode
from pathlib import Path
from typing import Any

from .deadline import wait_until


class Browser:
    """One Chromium. Its pages know nothing of one another."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-browser-"))
        self.answers: dict[int, dict[str, Any]] = {}
        self.pages: dict[str, Page] = {}
        self._last = 0
        (orders, self._orders), (self._events, events) = os.pipe(), os.pipe()
        command = [
            "chromium", "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.folder}", "--disable-gpu",
            "--no-first-run", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
            "--hide-scrollbars", "--lang=en-US",
            # Neither root nor most containers may make a sandbox; it shows nothing but our page.
            "--no-sandbox",
        ]
        # It reads from descriptor 3, and writes to 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{orders} 4>&{events}', "bash", *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(orders, events),
            env=os.environ | {"HOME": str(self.folder)})
        os.close(orders)
        os.close(events)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def order(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """What it answers."""
        self._last += 1
        number = self._last
        order = {"id": number, "method": method, "params": parameters}
        if session is not None:
            order["sessionId"] = session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        answer: dict[str, Any] = wait_until(lambda: self.answers.pop(number, None), f"the browser answers {method}")
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, *, script: bool = True, width: int = 1200, height: int = 900, dark: bool = False,
             scale: float = 1) -> "Page":
        """An empty page in a window of this size."""
        return Page(self, script, width, height, dark, scale)

    def remove(self) -> None:
        """Ends it."""
        for page in list(self.pages.values()):
            page.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        self._reader.join(20)
        os.close(self._orders)
        os.close(self._events)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> None:
        rest = b""
        while piece := os.read(self._events, 1 << 20):
            *messages, rest = (rest + piece).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.answers[message["id"]] = message
                elif (page := self.pages.get(message.get("sessionId", ""))) is not None:
                    page.happened(message["method"], message["params"])


class Page:
    """One page, and what the browser had to complain of."""

    def __init__(self, browser: Browser, script: bool, width: int, height: int, dark: bool,
                 scale: float) -> None:
        self.browser = browser
        #: Errors of the console and of scripts, and what the page's policy forbids.
        self.complaints: list[str] = []
        #: How often a document was loaded.
        self.loads = 0
        self.context = browser.order("Target.createBrowserContext")["browserContextId"]
        target = browser.order("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.order("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Audits", "Network"):
            self.order(f"{domain}.enable")
        self.order("Emulation.setScriptExecutionDisabled", value=not script)
        self.order("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                   mobile=width < 600)
        self.order("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])
        # As if it were in front of all others: what is hidden may take its time.
        self.order("Emulation.setFocusEmulationEnabled", enabled=True)

    def order(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.order(method, self.session, **parameters)

    def happened(self, method: str, parameters: dict[str, Any]) -> None:
        """On the thread that reads."""
        if method == "Page.loadEventFired":
            self.loads += 1
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Audits.issueAdded" and parameters["issue"]["code"] == "ContentSecurityPolicyIssue":
            self.complaints.append(json.dumps(parameters["issue"]["details"]))

    def load(self, address: str) -> None:
        """Until all of it is there."""
        before = self.loads
        answer = self.order("Page.navigate", url=address)
        assert "errorText" not in answer, answer
        wait_until(lambda: self.loads > before, f"{address} is loaded")

    def value(self, expression: str) -> Any:
        """Of JavaScript; also in a page that may not run any."""
        answer = self.order("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str, what: str) -> Any:
        """Its first true value. A page that is being loaded has none."""

        def found() -> Any:
            answer = self.order("Runtime.evaluate", expression=expression, returnByValue=True)
            return None if "exceptionDetails" in answer else answer["result"].get("value")

        try:
            return wait_until(found, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows: {self.text('body')}") from error

    def text(self, selector: str) -> str:
        """What can be seen there."""
        text: str = self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return text

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            typed = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.order("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **typed)

    def type(self, text: str) -> None:
        self.order("Input.insertText", text=text)

    def picture(self, file: Path) -> None:
        """Of the whole page, as PNG."""
        size = self.order("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        file.parent.mkdir(parents=True, exist_ok=True)
        answer = self.order("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        file.write_bytes(b64decode(answer["data"]))

    def close(self) -> None:
        self.browser.pages.pop(self.session, None)
        self.browser.order("Target.disposeBrowserContext", browserContextId=self.context)
