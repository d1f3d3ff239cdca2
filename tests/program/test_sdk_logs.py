"""What of the SDKs' own logging reaches the operator."""

import subprocess
import sys

TOLD = """
import logging
from frontdesk.adapters.ops.logs import set_up_logs
set_up_logs("json", "debug")
logger = logging.getLogger("openai.base")
logger.setLevel(logging.DEBUG)
logger.debug("a prompt")
logger.warning("an answer")
logger.error("broken")
logging.getLogger("somebody").warning("heard")
"""


def test_an_sdk_that_turns_its_logging_up_after_us_stays_silent_below_errors() -> None:
    done = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, timeout=60)
    assert [word for word in ("prompt", "answer", "broken", "heard") if word in done.stderr] == ["broken", "heard"]
