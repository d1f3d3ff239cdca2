"""For all tests: programs that they start get the signals that a terminal would give them."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited from a shell that runs the tests in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
