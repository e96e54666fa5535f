"""Without a network: what is done waits, is sent in order, once, and is lost by nobody."""

from tests.services.processes import wait_until
from tests.services.site import Open, Person, Site
from tests.services.steps import add, ready, waits

SERVICE_WORKERS = "allow"


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.tasks(person.personal, "sort=number")]


def test_the_server_is_away_and_the_tab_is_closed_meanwhile(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, f"/w/{person.personal}/list")
    ready(page)
    add(page, "Before")
    wait_until(lambda: titles(person) == ["Before"], "the first task is at the server", 20)

    site.server.stop()
    add(page, "First without a server")
    add(page, "Second without a server")
    context = page.context
    waits(page, 2)
    page.close()

    again = context.new_page()
    again.goto(f"/w/{person.personal}/list")
    for title in ("Before", "First without a server", "Second without a server"):
        again.get_by_text(title, exact=True).first.wait_for()
    add(again, "Third, from another tab")

    site.server.start()
    expected = [
        "Before", "First without a server", "Second without a server", "Third, from another tab",
    ]  # fmt: skip
    wait_until(lambda: titles(person) == expected, f"the server has {expected}", 60)


def test_two_tabs_agree(site: Site, opened: Open) -> None:
    person = site.person()
    first = opened(person, f"/w/{person.personal}/list")
    ready(first)
    second = first.context.new_page()
    second.goto(f"/w/{person.personal}/list")
    ready(second)
    first.context.set_offline(True)
    add(first, "Typed in the first tab")
    second.get_by_text("Typed in the first tab", exact=True).first.wait_for()
    add(second, "Typed in the second tab")
    first.get_by_text("Typed in the second tab", exact=True).first.wait_for()
    first.context.set_offline(False)
    expected = ["Typed in the first tab", "Typed in the second tab"]
    wait_until(lambda: titles(person) == expected, "both are at the server, in order", 60)


def test_signing_out_erases_everything_here(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, f"/w/{person.personal}/list")
    ready(page)
    add(page, "Nobody's business")
    wait_until(lambda: titles(person) == ["Nobody's business"], "it is at the server", 20)
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/login**")
    page.wait_for_function("indexedDB.databases().then((found) => found.length === 0)")
    kept = page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert person.id not in kept
    assert person.personal not in kept
    addresses = page.evaluate(
        """async () => {
          const names = await caches.keys();
          const kept = await Promise.all(names.map(async (n) => (await caches.open(n)).keys()));
          return kept.flat().map(({ url }) => url);
        }"""
    )
    assert not [address for address in addresses if "/api/" in address]
    wait_until(lambda: page.context.cookies() == [], "no cookie is left", 20)


def test_signing_out_with_unsent_changes_asks_first(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, f"/w/{person.personal}/list")
    ready(page)
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("menuitem", name="Sign out").wait_for()
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    add(page, "Not sent yet")
    waits(page, 1)
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("menuitem", name="Sign out").click()
    dialog = page.get_by_role("dialog", name="1 change is not sent yet")
    dialog.get_by_role("button", name="Stay signed in").click()
    page.get_by_text("Not sent yet", exact=True).first.wait_for()
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("menuitem", name="Sign out").click()
    dialog.wait_for()
    # Whoever waits is signed out when all has been sent.
    page.context.set_offline(False)
    page.wait_for_url("**/login**")
    assert titles(person) == ["Not sent yet"]


def test_code_that_does_not_come_takes_nothing_away(site: Site, opened: Open) -> None:
    person = site.person()
    page = opened(person, f"/w/{person.personal}/list")
    ready(page)
    page.context.set_offline(True)
    add(page, "Typed without a network")
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("link", name="Dashboard").first.click()
    page.get_by_role("button", name="Account of").wait_for()
    page.context.set_offline(False)
    account = page.get_by_role("button", name="Account of")
    item = page.get_by_role("menuitem", name="Sign out")

    def shown() -> bool:
        # Where its code was there already, the next click has closed it again.
        if account.get_attribute("aria-expanded") == "false":
            account.click()
        return item.is_visible()

    wait_until(shown, "the menu is open", 60)
    wait_until(lambda: titles(person) == ["Typed without a network"], "it is at the server", 60)
