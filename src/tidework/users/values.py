"""E-mail addresses and names: what is acceptable, and when two addresses are the same."""

import hashlib
import re
import unicodedata
from zoneinfo import ZoneInfo

from tidework.errors import FieldError, Invalid, invalid

MAX_EMAIL = 254
MAX_NAME = 100
IMPORTED_DOMAIN = "imported.invalid"
"""The domain of placeholders that came without an address (RFC 2606: nobody can have it)."""

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,3}")
# Files beside the zones that say something about this machine only.
_NO_ZONES = ("localtime", "Factory", "posixrules", "posix/", "right/")
_LOCAL = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~\-\u0080-\U0010ffff]+(?:\.[\w!#$%&'*+/=?^`{|}~\-\u0080-\U0010ffff]+)*"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
_HIDDEN = _UNSEEN | {"Co", "Cn"}
# In names: joiners and marks of direction belong to how names are written, the rest does not.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def clean_email(text: str, pointer: str = "/email") -> str:
    """An address as it is kept: trimmed, otherwise as typed. Raises `Invalid` at `pointer`.

    Acceptable: a dot-atom (RFC 5322, 3.2.3; other scripts by RFC 6531), one @, and a domain name,
    also an internationalised one; 254 characters at most.
    """
    email = text.strip()
    if len(email) > MAX_EMAIL:
        raise invalid(pointer, "too_long", f"An e-mail address has {MAX_EMAIL} characters at most.")
    if _key(email) is None:
        raise invalid(
            pointer, "invalid_email", "This is no e-mail address. Write it like name@example.org."
        )
    if is_imported(email):
        raise invalid(pointer, "invalid_email", f"Addresses at {IMPORTED_DOMAIN} are reserved.")
    return email


def email_key(email: str) -> str | None:
    """What two spellings of one address have in common; None for what is no address.

    Neither case nor width tells addresses apart, nor does `ß` from `ss`, as in the first IDNA and in
    what many mail servers do: two that look alike are never two accounts. Mail goes to the address
    as it is kept, whichever was typed.
    """
    stripped = email.strip()
    return _key(stripped) if len(stripped) <= MAX_EMAIL else None


def is_imported(email: str) -> bool:
    """Whether this is the address of a placeholder that came without one; no mail reaches it."""
    return email.casefold().endswith(f"@{IMPORTED_DOMAIN}")


def clean_name(text: str, pointer: str = "/name") -> str:
    """A name, trimmed: 1 to 100 characters on one line. Raises `Invalid` at `pointer`."""
    name = text.strip()
    if not is_visible(name):
        raise invalid(pointer, "too_short", "A name has at least one character that can be seen.")
    if len(name) > MAX_NAME:
        raise invalid(pointer, "too_long", f"A name has {MAX_NAME} characters at most.")
    if any(unicodedata.category(ch) in _UNPRINTABLE for ch in name):
        raise invalid(pointer, "invalid_text", "A name has no line breaks or control characters.")
    return name


def is_visible(text: str) -> bool:
    """Whether anything of a text can be seen: joiners and the like alone cannot."""
    return any(unicodedata.category(ch) not in _UNSEEN for ch in text)


def name_key(name: str) -> str:
    """What makes two names the same: neither case nor spelling of accents does."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def clean_time_zone(text: str, pointer: str = "/time_zone") -> str:
    """The name of a time zone, trimmed. Raises `Invalid` at `pointer` for one that is not known."""
    name = text.strip()
    if _ZONE.fullmatch(name) and not name.startswith(_NO_ZONES):
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            pass
    raise invalid(
        pointer, "unknown_time_zone", "There is no such time zone. Name one like Europe/Berlin."
    )


def combined(problems: list[Invalid]) -> Invalid:
    """One error that names everything that is wrong."""
    errors: list[FieldError] = [error for problem in problems for error in problem.errors]
    return Invalid(" ".join(problem.detail for problem in problems), errors=errors)


def imported_email(name: str) -> str:
    """The address that stands for a person of whom only the name is known.

    Names that differ in more than case and spaces have different ones.
    """
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "person"
    if slug.replace("-", " ") != folded:
        slug += "-" + hashlib.sha256(folded.encode(errors="replace")).hexdigest()[:8]
    return f"{slug}@{IMPORTED_DOMAIN}"


def _key(email: str) -> str | None:
    local, at, domain = unicodedata.normalize("NFC", email).rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local.encode(errors="replace")) > 64:
        return None
    # "=?" starts what mail programs decode (RFC 2047).
    if "=?" in local or any(unicodedata.category(ch) in _HIDDEN for ch in local + domain):
        return None
    ascii_domain = _domain(domain)
    return None if ascii_domain is None else f"{local.casefold()}@{ascii_domain}"


def _domain(domain: str) -> str | None:
    """A domain name in its ASCII form (IDNA); None when it is none."""
    try:
        name = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return None
    # An address of digits only would be an IP address, which needs brackets (RFC 5321, 4.1.3).
    if labels[-1].isdigit() or (len(labels) == 1 and name != "localhost"):
        return None
    return name
