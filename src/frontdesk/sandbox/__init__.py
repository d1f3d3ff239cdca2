<<<<<<< HEAD
"""A Slack and a model you can run on a laptop, and a page that shows them."""
=======
"""A small pretend world around the desk, so that everything runs offline; it never imports the desk."""
>>>>>>> slackbox

from frontdesk.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
