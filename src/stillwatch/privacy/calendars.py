"""Public holidays of a country, from the library ``holidays`` (extra ``privacy``).

Contract: national holidays only. Local ones, such as the day of a city's patron, are not in it; the papers say so.
"""

from __future__ import annotations

from datetime import date

from stillwatch.errors import ConfigurationError
from stillwatch.privacy.deadline import Holidays


def public_holidays(country: str) -> Holidays:
    """The holidays of an ISO 3166 country; ``ConfigurationError`` where they cannot be known."""
    try:
        import holidays
    except ImportError:
        raise ConfigurationError(
            "counting a deadline needs the public holidays of a country: pip install 'stillwatch[privacy]'"
        ) from None
    try:
        known = holidays.country_holidays(country, language="en_US")
    except NotImplementedError:
        raise ConfigurationError(f"the public holidays of country {country!r} are not known here") from None

    def named(day: date) -> str:
        return str(known.get(day) or "")

    return named
