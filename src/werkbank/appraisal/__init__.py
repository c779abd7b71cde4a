"""What a design allows one to say: study quality, and the claims that go with it. Nothing here estimates an effect."""

from werkbank.appraisal.claims import appraise
from werkbank.appraisal.evidence import Evidence
from werkbank.appraisal.wording import GRADES, check_text

__all__ = ["GRADES", "Evidence", "appraise", "check_text"]
