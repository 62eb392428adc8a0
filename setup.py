"""What pyproject.toml cannot say: packages spread over several source roots, and assets built by a command."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import ClassVar

from setuptools import Command, find_packages, setup
from setuptools.command.build import build

HERE = Path(__file__).resolve().parent
FRONTEND = HERE / "portal" / "frontend"
ROOTS = ("core", "portal", "plugins", "admin_tool", "simulators")
ROOT_OF = {package: root for root in ROOTS for package in find_packages(root)}
DATA = [
    "py.typed",
    *(f"{folder}/**/*" for folder in ("templates", "static", "data", "locale", "migrations")),
    *(
        "**/*" + suffix
        for suffix in (
            ".yaml",
            ".json",
            ".jinja2",
            ".mako",
            ".sql",
            ".wsdl",
            ".xsd",
            ".svg",
            ".qm",
        )
    ),
]
SCHEMA_DATA = [f"**/*{suffix}" for suffix in (".yaml", ".json", ".sql", ".wsdl", ".xsd", ".md")]


class BuildAssets(Command):
    """Bring portal/xinglin_portal/static/dist up to date: a step of `build`, so wheels and editable installs run it."""

    description = "bundle the portal's styles and scripts (needs the npm registry, or XINGLIN_SKIP_ASSETS=1)"
    user_options: ClassVar[list[tuple[str, str, str]]] = []
    editable_mode = False

    def initialize_options(self) -> None:
        self.build_lib = ""

    def finalize_options(self) -> None:
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        runpy.run_path(str(FRONTEND / "build.py"))["build"]()
        vars(self.get_finalized_command("build_py")).pop(
            "data_files", None
        )  # listed before the assets existed

    def get_source_files(self) -> list[str]:
        """What a source distribution must carry to build the assets again; there is no MANIFEST.in."""
        files = [*FRONTEND.glob("*.*"), *(FRONTEND / "src").rglob("*")]
        return [path.relative_to(HERE).as_posix() for path in files if path.is_file()]

    def get_outputs(self) -> list[str]:
        return []

    def get_output_mapping(self) -> dict[str, str]:
        return {}


class Build(build):
    sub_commands: ClassVar = [("build_assets", None), *build.sub_commands]


setup(
    packages=[*sorted(ROOT_OF), "xinglin_schemas"],
    package_dir={
        **{package: f"{root}/{package}" for package, root in ROOT_OF.items() if "." not in package},
        "xinglin_schemas": "schemas",
    },
    package_data={"": DATA, "xinglin_schemas": SCHEMA_DATA},
    exclude_package_data={"": ["**/__pycache__/*", "**/*.pyc"]},
    include_package_data=False,
    zip_safe=False,
    cmdclass={"build": Build, "build_assets": BuildAssets},
)
