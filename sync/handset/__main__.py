"""``python -m sync.handset``: the reference handset on the command line."""

from sync.handset.cli import main

if __name__ == "__main__":
    main()
