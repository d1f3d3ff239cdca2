"""Discord's intake: one dispatcher behind the gateway and HTTP interactions, which counts only what is stored."""
