"""The texts of the mails that auth sends."""

from tidework.mail import Mail

_SIGNATURE = "\n\n-- \nTidework"


def reset(to: str, name: str, public_url: str, token: str, minutes: int) -> Mail:
    """The link to set a new password."""
    return Mail(
        to,
        "Set a new password for Tidework",
        f"Hello {name},\n\n"
        "somebody, probably you, has asked for a new password for your Tidework account.\n"
        f"Open this link within {minutes} minutes to set one; it works once:\n\n"
        f"{public_url}/reset-password#token={token}\n\n"
        "Without a web application, send the part behind the = as token to\n"
        f"POST {public_url}/api/v1/auth/password/reset, with the new password.\n\n"
        "If it was not you, do nothing: your password stays as it is." + _SIGNATURE,
    )


def invitation(
    to: str, public_url: str, token: str, inviter_name: str, workspace_name: str
) -> Mail:
    """The link for somebody who has been asked into a workspace and has no account."""
    return Mail(
        to,
        "You have been invited to a workspace on Tidework",
        "Hello,\n\n"
        f'{inviter_name} has invited you to the workspace "{workspace_name}" on Tidework.\n'
        "Open this link within seven days to choose a name and a password; it works once:\n\n"
        f"{public_url}/accept-invitation#token={token}\n\n"
        "Without a web application, send the part behind the = as invitation to\n"
        f"POST {public_url}/api/v1/auth/register, with email, name and password.\n\n"
        "If you do not know what this is about, do nothing." + _SIGNATURE,
    )


def password_changed(to: str, name: str, public_url: str) -> Mail:
    """Says that the password is another one now."""
    return Mail(
        to,
        "Your Tidework password has been changed",
        f"Hello {name},\n\n"
        "the password of your Tidework account has just been changed, and all other devices have\n"
        "been logged out. If it was not you, set a new one at once:\n\n"
        f"{public_url}/forgot-password" + _SIGNATURE,
    )
