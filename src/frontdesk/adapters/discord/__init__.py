"""Discord: intake, output and everything staff press there."""
