"""`python -m frontdesk` and the `frontdesk` command."""

import gc

gc.disable()  # what is imported is no garbage, and to look through it again and again costs a sixth of the start
from frontdesk.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
