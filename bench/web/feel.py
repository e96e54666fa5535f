"""What a person waits for: a board of real tasks, a card in the hand, a long list."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report import Goal, Plain, table
from bench.web.site import Site, browser

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

USABLE_MS = 1_500.0
DRAG_MS = 100.0
SCROLL_SECONDS = 5
WHEEL_EVERY_MS = 50
WHEEL_PX = 600
CARD = 'a[id^="card-"][aria-describedby]'

# A card that can be dragged is there, and has been painted.
_WATCH = """(() => {
  const drawn = () => requestAnimationFrame(() => setTimeout(() => {
    window.usable = performance.now();
  }));
  const look = () => {
    if (!document.querySelector('a[id^="card-"][aria-describedby]')) return;
    watch.disconnect();
    drawn();
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { childList: true, subtree: true, attributes: true });
  window.long = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.long.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });
})()"""

# From each event of the pointer to the frame that shows what it has done.
_FOLLOW = """(target) => {
  window.lags = { lift: null, moves: [], drop: null };
  const after = (then) => requestAnimationFrame(() => setTimeout(then));
  let begun = null;
  document.addEventListener("mousemove", (event) => {
    if (!event.buttons) return;
    const at = event.timeStamp;
    begun ??= at;
    after(() => {
      const late = performance.now() - at;
      if (window.lags.lift === null) {
        if (document.querySelector("article[data-held]")) window.lags.lift = late;
      } else window.lags.moves.push(late);
    });
  }, true);
  document.addEventListener("mouseup", (event) => {
    const look = () => after(() => {
      const there = document.getElementById(target);
      if (there && !document.querySelector("article[data-held]"))
        window.lags.drop = performance.now() - event.timeStamp;
      else look();
    });
    look();
  }, true);
}"""


@dataclass(slots=True)
class Feel(Plain):
    usable: dict[str, list[float]] = field(default_factory=dict)
    lift: list[float] = field(default_factory=list)
    follow: list[float] = field(default_factory=list)
    drop: list[float] = field(default_factory=list)
    long_tasks: list[list[float]] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    heap: dict[str, float] = field(default_factory=dict)
    cards: int = 0
    rows: int = 0
    name: str = "web_feel"

    def goals(self) -> Iterable[Goal]:
        for how, found in self.usable.items():
            ms = statistics.median(found)
            what = f"board of {self.cards:,} real tasks usable, {how}"
            yield Goal(what, f"{ms / 1000:.2f} s", f"≤ {USABLE_MS / 1000:g} s", ms <= USABLE_MS)
        for what, ms in self._drags():
            yield Goal(what, f"{ms:.0f} ms", f"≤ {DRAG_MS:g} ms", ms <= DRAG_MS)
        # The quietest run counts: what else the machine does is no task of the page.
        long = min(self.long_tasks, key=len)
        what = f"tasks over 50 ms while {self.rows:,} rows are scrolled for {SCROLL_SECONDS} s"
        yield Goal(what, str(len(long)), "none", not long)

    def _drags(self) -> list[tuple[str, float]]:
        return [
            ("a card is in the hand after", statistics.median(self.lift)),
            ("the card follows within (95 of 100 moves)", _part(self.follow, 0.95)),
            ("the card is in its place after", statistics.median(self.drop)),
        ]

    def lines(self) -> list[str]:
        rows = [
            [f"board of {self.cards:,} tasks, {how}, s", *_spread(found, 1000)]
            for how, found in self.usable.items()
        ]
        rows += [
            ["card in the hand, ms", *_spread(self.lift)],
            ["card follows a move, ms", *_spread(self.follow)],
            ["card in its place, ms", *_spread(self.drop)],
            ["frames a second while scrolling", *_spread(self.frames)],
            [
                "tasks over 50 ms while scrolling",
                *_spread([float(len(one)) for one in self.long_tasks]),
            ],
        ]
        rows += [
            [f"JavaScript heap, {what}, MB", f"{mb:.0f}", ""] for what, mb in self.heap.items()
        ]
        told = (
            "Cold: nothing of the app or its data is in the browser. Warm: its service worker has"
            " the files, its database the tasks. Times begin with the navigation, or with the"
            " pointer's event, and end with the frame that shows the outcome."
        )
        return ["### Feel", "", *table(["", "median", "from-to"], rows), "", told]

    def data(self) -> Any:
        return {name: getattr(self, name) for name in self.__slots__ if name != "name"}


def _part(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _spread(values: Sequence[float], by: float = 1) -> list[str]:
    digits = 2 if by > 1 else 0
    shown = [f"{value / by:.{digits}f}" for value in (min(values), max(values))]
    return [f"{statistics.median(values) / by:.{digits}f}", "-".join(shown)]


def measure(playwright: Playwright, site: Site, folder: Path, rounds: int) -> Feel:
    feel = Feel(usable={"cold": [], "warm": []})
    for number in range(rounds):
        for user, part in enumerate((_boards, _long_list)):
            profile = folder / f"profile-{number}-{user}"
            # The page's policy forbids what waits in it for something to become true.
            with browser(playwright, site, profile, user=user, bypass_csp=True) as context:
                part(feel, context, site)
    return feel


def _boards(feel: Feel, context: BrowserContext, site: Site) -> None:
    page = _watched(context)
    address = f"{site.url}/w/{site.jira}/board"
    feel.usable["cold"].append(_usable(page, address))
    # Its files are all there when it takes over.
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_function(
        "id => localStorage.getItem('tidework.kept')?.includes(id)", arg=site.jira
    )
    page.wait_for_timeout(1_000)
    page.close()
    page = _watched(context)
    feel.usable["warm"].append(_usable(page, address))
    feel.cards = sum(page.evaluate(_COUNT))
    page.wait_for_timeout(1_500)
    _drag(feel, page)
    feel.heap[f"board of {feel.cards:,}"] = _heap(context, page)
    page.close()


# Each column says how many it holds, on every card.
_COUNT = """() => [...document.querySelectorAll("ul, ol")].map((list) =>
  Number(list.querySelector("li[aria-setsize]")?.getAttribute("aria-setsize") ?? 0))"""


def _usable(page: Page, address: str) -> float:
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.usable")
    return float(page.evaluate("window.usable"))


def _drag(feel: Feel, page: Page) -> None:
    """Take the first card of the first column into the second one."""
    first, second = page.evaluate(
        """() => [...document.querySelectorAll("ul, ol")]
          .map((list) => list.querySelector('a[id^="card-"]')).filter(Boolean)
          .slice(0, 2).map(({ id }) => id)"""
    )
    # A column's name, then a UUID.
    target = f"{second[:-36]}{first[-36:]}"
    page.evaluate(_FOLLOW, target)
    box = page.locator(f"[id='{first}']").bounding_box()
    onto = page.locator(f"[id='{second}']").bounding_box()
    assert box is not None
    assert onto is not None
    x, y = box["x"] + 20, box["y"] + 8
    to_x, to_y = onto["x"] + 20, onto["y"] + 60
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 8)
    page.wait_for_function("window.lags.lift !== null")
    steps = 40
    for step in range(1, steps + 1):
        page.mouse.move(x + (to_x - x) * step / steps, y + (to_y - y) * step / steps)
        page.wait_for_timeout(16)
    page.mouse.up()
    page.wait_for_function("window.lags.drop !== null")
    lags = page.evaluate("window.lags")
    feel.lift.append(lags["lift"])
    feel.follow += lags["moves"]
    feel.drop.append(lags["drop"])


def _long_list(feel: Feel, context: BrowserContext, site: Site) -> None:
    page = _watched(context)
    page.goto(f"{site.url}/w/{site.many}/list")
    grid = page.get_by_role("grid")
    # The row of the columns' names counts too.
    page.locator(f'[role=grid][aria-rowcount="{site.tasks + 1}"]').wait_for()
    feel.rows = site.tasks
    # What comes after the first picture: the service worker, what is loaded for later.
    page.wait_for_timeout(6_000)
    page.evaluate(
        """() => {
          window.long.length = 0;
          window.frames_ = 0;
          const count = () => { window.frames_ += 1; requestAnimationFrame(count); };
          requestAnimationFrame(count);
        }"""
    )
    box = grid.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    begin = page.evaluate("performance.now()")
    while (now := page.evaluate("performance.now()")) - begin < SCROLL_SECONDS * 1000:
        page.mouse.wheel(0, WHEEL_PX)
        page.wait_for_timeout(WHEEL_EVERY_MS)
    seconds = (now - begin) / 1000
    long = page.evaluate("window.long.map(([, duration]) => duration)")
    feel.long_tasks.append(long)
    feel.frames.append(page.evaluate("window.frames_") / seconds)
    feel.heap[f"list of {feel.rows:,}"] = _heap(context, page)
    page.close()


def _watched(context: BrowserContext) -> Page:
    page = context.new_page()
    page.add_init_script(_WATCH)
    return page


def _heap(context: BrowserContext, page: Page) -> float:
    """What is left after collecting garbage, in MB."""
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6
