"""The process's first lines: Pyramid 2.1 and Deform 3 import `pkg_resources`, whose warning is not the user's concern."""

from __future__ import annotations

import warnings


def main() -> None:
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    warnings.filterwarnings("ignore", message="Deprecated call to `pkg_resources")
    from xinglin.kernel import cli

    cli.main()


if __name__ == "__main__":
    main()
