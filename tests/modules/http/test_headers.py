from urllib.parse import urlsplit

from tidework.http.headers import SecurityHeaders, new_request_id, valid_request_id


def test_every_answer_forbids_sniffing_framing_and_referrers() -> None:
    security = SecurityHeaders("http://127.0.0.1:8000")
    for headers in (security.api, security.auth, security.docs):
        found = dict(headers)
        assert found[b"x-content-type-options"] == b"nosniff"
        assert found[b"x-frame-options"] == b"DENY"
        assert found[b"referrer-policy"] == b"no-referrer"
        assert b"frame-ancestors 'none'" in found[b"content-security-policy"]
        assert all(name == name.lower() for name, _ in headers)
        assert len(found) == len(headers)


def test_only_https_asks_for_https_for_ever() -> None:
    assert b"strict-transport-security" not in dict(SecurityHeaders("http://x.example").api)
    assert b"strict-transport-security" in dict(SecurityHeaders("https://x.example").api)
    assert b"strict-transport-security" in dict(SecurityHeaders("HTTPS://x.example").docs)


def test_credentials_are_stored_nowhere() -> None:
    assert dict(SecurityHeaders("http://x.example").auth)[b"cache-control"] == b"no-store"


def test_the_docs_policy_has_no_inline_code_and_no_other_origin() -> None:
    policy = dict(SecurityHeaders("http://x.example").docs)[b"content-security-policy"]
    assert b"unsafe" not in policy
    words = policy.replace(b";", b" ").split()
    assert not any(urlsplit(word.decode()).netloc or word == b"*" for word in words)


def test_request_ids_of_callers_are_taken_when_well_formed() -> None:
    assert valid_request_id(b"Ab.0_-") == "Ab.0_-"
    assert valid_request_id(b"x" * 128) == "x" * 128
    for bad in (b"", b"x" * 129, b"a b", b"a\n", b"a\r\nSet-Cookie: x", b"\xff", b"a/b", b"a\0"):
        assert valid_request_id(bad) is None


def test_new_request_ids_are_well_formed_and_differ() -> None:
    ids = {new_request_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(valid_request_id(i.encode()) == i for i in ids)
