"""`python -m moiety` is the command `moiety`."""

from moiety.cli import main

if __name__ == "__main__":
    main()
