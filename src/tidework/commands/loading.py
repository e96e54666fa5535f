"""The settings of a command, checked before anything is touched."""

import os

from tidework.http.cors import Cors
from tidework.http.proxies import TrustedProxies
from tidework.settings import InvalidSettings, Settings, load


def load_settings(**options: object) -> Settings:
    """The settings of the environment and a command's options. Raises `InvalidSettings`."""
    settings = load(os.environ, **options)
    problems = []
    for make, value in ((Cors, settings.cors_origins), (TrustedProxies, settings.trusted_proxies)):
        try:
            make(value)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise InvalidSettings(problems)
    return settings
