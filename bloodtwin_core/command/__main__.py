"""`python -m bloodtwin_core.command` is `bloodtwin`."""

from bloodtwin_core.command.main import run

if __name__ == "__main__":
    run()
