"""Slack: Socket Mode or HTTP in, Web API out."""
