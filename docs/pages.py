"""What the guide needs besides its pages: called by MkDocs, see `mkdocs.yml`.

Pages that live elsewhere in the project are taken in, pages that may be there are listed when they
are, and the icon comes from where the program has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
TAKEN_IN = {
    "contributing.md": ROOT / "CONTRIBUTING.md",
    "packaging.md": ROOT / "packaging" / "README.md",
    "images/lacuna.svg": ROOT / "resources" / "icons" / "lacuna.svg",
}
"""Address in the guide -> file of the project."""

LINKS = (
    ("](docs/adr)", "](adr/0001-headless-opencv-and-qt-essentials.md)"),
    ("](docs/", "]("),
    ("](../../CONTRIBUTING.md", "](../contributing.md"),
    ("](../../packaging/README.md", "](../packaging.md"),
)
"""How a link reads in a file of the project, and how in the guide."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages of a kind, and model cards if there are any."""
    docs = Path(config.docs_dir)
    nav = config.nav or []
    for title, folder in (("Models", "models"), ("Decisions", "adr")):
        pages = sorted(path.relative_to(docs).as_posix() for path in (docs / folder).glob("*.md"))
        if pages:
            nav.append({title: pages})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lives elsewhere."""
    for address, path in TAKEN_IN.items():
        files.append(File.generated(config, address, content=path.read_bytes()))
    return files


def on_page_markdown(
    markdown: str,
    page: Page,  # noqa: ARG001 - MkDocs gives arguments by name
    config: MkDocsConfig,  # noqa: ARG001
    files: Files,  # noqa: ARG001
) -> str:
    """Turn links within the project into links within the guide."""
    for here, there in LINKS:
        markdown = markdown.replace(here, there)
    return markdown
