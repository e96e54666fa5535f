from tests.services.api import Api


async def test_a_task_is_made_changed_and_undone(api: Api) -> None:
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "First"})
    done = await ada.patch(f"~/tasks/{task['number']}", {"status": "completed"})
    assert done.status_code == 200
    assert done.json()["completed_at"]
    undone = await ada.post("~/undo", {"seq": done.json()["version"]})
    assert undone.status_code == 200
    assert (await ada.get(f"~/tasks/{task['id']}")).json()["status"] == "pending"
