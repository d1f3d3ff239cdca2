"""A support desk that lives inside Slack."""
