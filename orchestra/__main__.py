"""`python -m orchestra`: what our own panes run, whatever is on PATH."""

from orchestra.cli.main import main

if __name__ == "__main__":
    main()
