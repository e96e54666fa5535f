import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc.jwk import OKPKey

from tidework.auth.keys import KeyFileError, KeySet, rotate

NOW = 1_800_000_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "signing-keys.json"


def _kids(path):
    return [key["kid"] for key in json.loads(path.read_text())["keys"]]


def _jwk(**changes):
    return {**OKPKey.generate_key("Ed25519").as_dict(private=True), **changes}


def _put(path, content, mode=0o600):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)


def test_a_missing_file_is_made_once_and_for_its_owner_only(path):
    made = KeySet.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert KeySet.load_or_create(path).signing().kid == made.signing().kid


def test_processes_that_start_at_once_agree_on_one_key(path):
    code = (
        "import sys; from pathlib import Path; from tidework.auth.keys import KeySet;"
        "sys.stdin.read(); print(KeySet.load_or_create(Path(sys.argv[1])).signing().kid)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    with ThreadPoolExecutor(len(started)) as pool:
        kids = list(pool.map(lambda process: process.communicate("")[0], started))
    assert [process.returncode for process in started] == [0] * 4
    assert set(kids) == {f"{_kids(path)[0]}\n"}


def test_threads_that_start_at_once_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        for attempt in range(20):
            path = tmp_path / f"{attempt}.json"
            sets = pool.map(
                lambda _, path=path: KeySet.load_or_create(path).signing().kid, range(8)
            )
            assert len(set(sets)) == 1


def test_the_published_set_has_only_public_parts_and_thumbprints(path):
    (published,) = KeySet.load_or_create(path).jwks()["keys"]
    (private,) = json.loads(path.read_text())["keys"]
    assert published == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": private["x"],
        "kid": OKPKey.import_key({n: private[n] for n in ("kty", "crv", "x")}).thumbprint(),
        "use": "sig",
        "alg": "EdDSA",
    }


def test_a_given_file_needs_no_more_than_the_key(path):
    _put(path, {"keys": [_jwk()]})
    assert KeySet.from_file(path).signing().kid == KeySet.from_file(path).jwks()["keys"][0]["kid"]


PUBLISHED = {
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
}
ZERO = {
    "x": "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik",
    "d": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not a JWK Set"),
        ("not json", "not a JWK Set"),
        ("[" * 100_000, "not a JWK Set"),
        ([], "not a JWK Set"),
        ({"keys": []}, "not a JWK Set"),
        ({"keys": {}}, "not a JWK Set"),
        ({"keys": ["x"]}, "Key 1 .* not an Ed25519 key"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "Key 1 .* not an Ed25519 key"),
        ({"keys": [OKPKey.generate_key("Ed448").as_dict(private=True)]}, "not an Ed25519 key"),
        (
            {"keys": [_jwk(), OKPKey.generate_key().as_dict(private=False)]},
            "Key 2 .* only a public",
        ),
        ({"keys": [_jwk(d="AAAA")]}, "damaged"),
        ({"keys": [_jwk(d=7)]}, "damaged"),
        ({"keys": [_jwk(x=None)]}, "damaged"),
        ({"keys": [{"kty": "OKP", "crv": "Ed25519", "d": ZERO["d"]}]}, "damaged"),
        ({"keys": [_jwk(d="é")]}, "damaged"),
        ({"keys": [_jwk(d=_jwk()["d"])]}, "x does not belong to d"),
        ({"keys": [_jwk(**PUBLISHED)]}, "publicly known"),
        ({"keys": [_jwk(**ZERO)]}, "weak"),
    ],
)
def test_an_unusable_file_is_refused_with_its_reason(path, content, says):
    _put(path, content)
    for load in (KeySet.from_file, KeySet.load_or_create):
        with pytest.raises(KeyFileError, match=says):
            load(path)


def test_a_missing_given_file_is_refused_and_not_made(path):
    with pytest.raises(KeyFileError, match="No such file"):
        KeySet.from_file(path)
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(KeyFileError, match="TIDEWORK_SIGNING_KEYS_FILE"):
        KeySet.load_or_create(tmp_path / "missing" / "signing-keys.json")


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o666])
def test_a_file_open_to_others_is_refused_with_the_command_that_closes_it(path, mode):
    _put(path, {"keys": [_jwk()]}, mode)
    with pytest.raises(KeyFileError, match=f"chmod 600 {path}"):
        KeySet.from_file(path)


def test_a_file_that_its_group_may_read_is_used(path):
    _put(path, {"keys": [_jwk()]}, 0o440)
    KeySet.from_file(path)


def test_rotation_signs_with_the_new_key_and_still_verifies_with_the_old(path):
    keys = KeySet.load_or_create(path)
    old = keys.signing().kid
    new = rotate(path)
    assert keys.find(new) is not None, "an unknown key must be looked for at once"
    assert keys.signing().kid == new
    assert keys.find(old) is not None
    assert [key["kid"] for key in keys.jwks()["keys"]] == [new, old]
    assert keys.generation == 1


def test_a_rotated_key_stays_until_its_last_token_has_expired(path):
    _put(path, {"keys": [_jwk()]})
    first = rotate(path, now=NOW)
    second = rotate(path, now=NOW + 10)
    assert len(_kids(path)) == 3
    # What was first in the file was replaced at NOW, and `first` ten seconds later.
    third = rotate(path, now=NOW + 900 + 300 + 1)
    assert _kids(path) == [third, second, first]
    fourth = rotate(path, now=NOW + 900 + 300 + 11)
    assert _kids(path) == [fourth, third, second]


def test_rotation_keeps_the_mode_and_leaves_no_other_file_with_keys(path):
    _put(path, {"keys": [_jwk()]}, 0o640)
    rotate(path)
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(entry.name for entry in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]


def test_rotations_at_once_lose_no_key(path):
    KeySet.load_or_create(path)
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: rotate(path), range(16)))
    assert made < set(_kids(path))
    assert len(_kids(path)) == 17


def test_a_failed_rotation_changes_nothing(path):
    _put(path, {"keys": [_jwk()], "torn": True})
    before = path.read_text()
    path.chmod(0o604)
    with pytest.raises(KeyFileError):
        rotate(path)
    with pytest.raises(KeyFileError):
        rotate(path.with_name("missing.json"))
    assert path.read_text() == before


def test_a_changed_file_that_cannot_be_used_leaves_the_keys_in_place(path):
    keys = KeySet.load_or_create(path)
    kid = keys.signing().kid
    good = path.read_text()
    for spoil in (lambda: _put(path, "{"), path.unlink, lambda: _put(path, good, 0o666)):
        spoil()
        assert not keys.refresh(force=True)
        assert keys.signing().kid == kid
    path.chmod(0o600)
    assert keys.refresh(force=True)


def test_a_key_taken_out_of_the_file_is_no_longer_found(path):
    keys = KeySet.load_or_create(path)
    old = keys.signing().kid
    fresh = path.with_name("fresh.json")
    KeySet.load_or_create(fresh)
    os.replace(fresh, path)
    keys.refresh(force=True)
    assert keys.find(old) is None
