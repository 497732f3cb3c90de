"""`python -m bloodtwin_core.cli` is `bloodtwin`."""

from bloodtwin_core.cli.main import run

if __name__ == "__main__":
    run()
