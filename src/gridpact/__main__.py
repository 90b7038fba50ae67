"""`python -m gridpact`: the command line."""

from gridpact.cli import main

if __name__ == "__main__":
    main()
