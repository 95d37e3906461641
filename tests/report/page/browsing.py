"""A real browser, for pages."""

import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def open_page(browser: Any, page: Path) -> Any:
    """Open a page as if for the first time."""
    browser.get(page.as_uri())
    browser.execute_script("localStorage.clear()")
    browser.get(page.as_uri())
    wait(browser, "return video.readyState >= 2")
    return browser


def wait(browser: Any, condition: str, seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not browser.execute_script(condition):
        assert time.monotonic() < end, f"never true: {condition}"
        time.sleep(0.02)
