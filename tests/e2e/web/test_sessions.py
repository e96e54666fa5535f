"""A session that ends elsewhere in the middle of typing."""

from playwright.sync_api import expect
from tests.services.processes import wait_until
from tests.services.site import PASSWORD, Open, Site

SERVICE_WORKERS = "allow"


def test_a_session_ends_elsewhere_and_what_is_being_typed_stays(site: Site, opened: Open) -> None:
    person = site.person()
    task = person.task(person.personal, "Paint the boats")
    page = opened(person, f"/w/{person.personal}/list?task={task['number']}")
    comment = page.get_by_role("textbox", name="Write a comment")
    page.get_by_text("No comments yet").wait_for()
    comment.fill("Blue, and the oars")
    expect(comment).to_be_focused()
    for session in person.call("GET", "/auth/sessions")["items"]:
        if not session["current"]:
            person.call("DELETE", f"/auth/sessions/{session['id']}")
    # Who types is not interrupted.
    again = page.get_by_role("alert").get_by_role("button", name="Sign in")
    again.wait_for(timeout=60_000)
    expect(comment).to_be_focused()
    comment.press_sequentially(" again")
    again.click()
    dialog = page.get_by_role("dialog", name="Please sign in again")
    password = dialog.get_by_label(f"Password of {person.email}")
    password.fill("not this one")
    dialog.get_by_role("button", name="Sign in").click()
    dialog.get_by_text("do not belong together").wait_for()
    password.fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(comment).to_have_value("Blue, and the oars again")
    comment.press("End")
    comment.press_sequentially(" too")
    page.get_by_role("button", name="Comment", exact=True).click()

    path = f"/workspaces/{person.personal}/tasks/{task['id']}/comments"
    said = ["Blue, and the oars again too"]
    wait_until(
        lambda: [one["body"] for one in person.call("GET", path)["items"]] == said,
        "the comment is at the server",
        60,
    )
