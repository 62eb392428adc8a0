"""What comes in: the form of the page, and the section `[xinglin:example]` of the ini."""

from dataclasses import dataclass
from datetime import timedelta

from xinglin.api.forms import CSRFSchema, Text
from xinglin.api.i18n import translator
from xinglin.types import setting
from xinglin_example.models import TEXT_LENGTH

_ = translator("example")


@dataclass(frozen=True)
class ExampleSettings:
    rows: int = setting(20, summary="thanks shown on the wall")
    keep: timedelta = setting(timedelta(days=90), summary="how long thanks are kept, such as 90 d")


class ThanksSchema(CSRFSchema):  # adds the token and the key that makes a double tap harmless
    receiver = Text(title=_("To"), description=_("Name or staff number"), max_length=64)
    text = Text(title=_("Your words"), max_length=TEXT_LENGTH)
