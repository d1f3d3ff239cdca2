"""A small pretend world around the desk, so that everything runs offline; it never imports the desk."""
