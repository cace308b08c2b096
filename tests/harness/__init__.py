"""A real httpd, a real directory and clients that behave like browsers, for tests that read like
stories. conftest.py hands them out as fixtures."""
