"""Sending mail: what a message is, and who delivers it."""

from tidework.mail.folder import FolderMailer
from tidework.mail.message import Mail, Mailer, MailRefused

__all__ = ["FolderMailer", "Mail", "MailRefused", "Mailer"]
