"""What goes into the bundle and what does not; `lacuna.spec` asks, the tests check.

What is left out was found by listing the modules that every command imports, and is proven harmless
by `make bundle-test`, which runs every backend, the editor and a training run from the bundle.
"""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import TypeAlias

Entry: TypeAlias = tuple[str, str, str]
"""A row of PyInstaller's tables: name in the bundle, path of the file, kind."""

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "engine", "training")

MACOS_INFO = {
    "CFBundleDocumentTypes": [
        {
            "CFBundleTypeName": "Picture",
            "CFBundleTypeRole": "Editor",
            "LSHandlerRank": "Alternate",
            "LSItemContentTypes": [
                *("public.png", "public.jpeg", "public.tiff", "org.webmproject.webp"),
                "com.microsoft.bmp",
            ],
        }
    ],
    "LSApplicationCategoryType": "public.app-category.photography",
    "NSHighResolutionCapable": True,
}
"""What macOS shall know: which files the program opens."""

SOURCES_READ = (
    # torch reads its own sources: comments of settings, and overloads for TorchScript.
    *("torch.functional", "torch.nn.functional", "torch.nn.modules.rnn", "torch._jit_internal"),
    *("torch.compiler.config", "torch._dynamo.config", "torch._export.config"),
    *("torch._functorch.config", "torch._inductor.config", "torch.distributed.config"),
    *("torch.fx.experimental._config", "torch.utils._config_module"),
    "torch.utils.serialization.config",
)

COLLECTED_AS = {
    # numba looks up the file of a function before it keeps the machine code in the user's cache.
    "engine.models.patchmatch": "py",
    # PyInstaller's hook would add 45 MB of sources, nearly all for a compiler that is not used.
    "torch": "pyz",
    **dict.fromkeys(SOURCES_READ, "pyz+py"),
}
"""How modules are kept: "pyz" compiled and packed, "py" as files."""

HIDDEN = ("numba._devicearray",)
"""Imported by compiled code, where nobody sees it."""

EXCLUDED_MODULES = (
    # Asked for by nothing that Lacuna runs, though something imports them somewhere.
    *("IPython", "PIL.ImageTk", "PIL._tkinter_finder", "_tkinter", "curses", "doctest", "idlelib"),
    *("ipywidgets", "jupyter_rfb", "lib2to3", "matplotlib", "pandas", "pydoc_data", "tkinter"),
    *("scipy", "skimage", "yaml", "jinja2", "markupsafe", "networkx", "onnx", "onnxscript"),
    *("tensorboard", "torchvision", "triton", "lxml", "requests", "urllib3", "certifi"),
    *("charset_normalizer", "chardet", "attr", "attrs", "jsonschema", "hypothesis", "_pytest"),
    # Many machines have Lacuna from pip, where dask's own commands are.
    *("dask", "distributed", "tornado", "cryptography"),
    # What fsspec would use to read from a web server.
    *("aiohttp", "aiosignal", "aiohappyeyeballs", "frozenlist", "multidict", "propcache", "yarl"),
    # The GNU library behind it is under the GPL, which would then hold for the whole bundle.
    "readline",
    # Tools that happen to be installed where the bundle is built.
    *("pytest", "mypy", "mypyc", "setuptools", "pip", "wheel", "PyInstaller", "hatchling"),
    *(
        "py",
        "sqlite3",
        "defusedxml",
        "Cython",
        "cffi",
        "pygments.formatters.img",
        "sphinx",
        "docutils",
        "mkdocs",
        "gi",
    ),
    # torch's tests, its compiler's back ends, and what it offers to clusters and phones.
    *("torch._inductor.codegen", "torch._inductor.fx_passes", "torch._inductor.kernel"),
    *("torch._inductor.compile_fx", "torch._vendor.quack"),
    *("torch.utils.tensorboard", "torch.utils.hipify", "torch.utils.benchmark"),
    *("torch.utils.cpp_extension", "torch.utils.bottleneck", "torch.backends._nnapi"),
    *("torch.distributed.pipelining", "torch.distributed.elastic", "torch.ao.ns"),
    *("torch.ao.pruning", "torch.sparse._triton_ops", "torch.sparse._triton_ops_meta"),
    *("numba.tests", "numba.cuda", "numba.pycc", "llvmlite.tests", "numpy.f2py"),
    *("pyqtgraph.opengl", "pyqtgraph.examples", "pyqtgraph.jupyter", "pyqtgraph.console"),
    *("PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtDesigner"),
    *("PySide6.QtTest", "PySide6.QtSql", "PySide6.QtHelp"),
)

TORCH_TESTS = "torch.testing._internal"
USED_OF_TORCH_TESTS = (
    "",
    ".common_dtype",
    ".distributed",
    ".distributed.fake_pg",
    ".logging_tensor",
)
"""What torch imports of its own tests."""

LEFT_OUT = (
    # torch: programs, headers, and libraries that only its own tests load.
    *("torch/bin/*[!r]", "torch/test/*", "torch/include/*", "torch/share/*", "torch/lib/*.a"),
    *("torch/lib/*jitbackend_test*", "torch/lib/*torchbind_test*", "torch/lib/*aoti_custom*"),
    *("torch/lib/*backend_with_compiler*", "torch/lib/*.lib"),
    # Qt: QML, the on-screen keyboard, databases, web security, and platforms without windows.
    *("PySide6/*qml/*", "PySide6/*translations/*", "PySide6/*Qt6Qml*", "PySide6/*Qt6Quick*"),
    *("PySide6/*Qt6VirtualKeyboard*", "PySide6/*qtvirtualkeyboard*", "PySide6/*Qt6Pdf*"),
    *("PySide6/*sqldrivers/*", "PySide6/*/tls/*", "PySide6/*networkinformation/*"),
    *("PySide6/*egldeviceintegrations/*", "PySide6/*qeglfs*", "PySide6/*qlinuxfb*"),
    *(
        "PySide6/*qvnc*",
        "PySide6/*qvkkhrdisplay*",
        "PySide6/*EglF[Ss]*",
        "PySide6/*EGLF[Ss]*",
        "PySide6/*qpdf*",
    ),
    *("PySide6/*wayland-graphics-integration-server/*", "PySide6/*WaylandCompositor*"),
    # The look of GTK and the libraries that come with it; the desktop's file dialogs need none.
    *("PySide6/*qgtk3*", "libgtk-3*", "libgdk*", "libcairo*", "libpango*", "libatk*", "libatspi*"),
    *("libgio-2*", "libgobject-2*", "libgmodule-2*", "libharfbuzz.so*", "libpixman*", "libthai*"),
    *("libfribidi*", "libdatrie*", "libgraphite2*", "libselinux*", "libblkid*", "libmount*"),
    *("libjpeg.so*", "libepoxy*"),
    # One of numba's ways to use several threads, which no kernel here does.
    *("numba/np/ufunc/tbbpool*", "libtbb*"),
    *("PySide6/*.pyi", "*/py.typed", "*.a", "*.h", "*.hpp", "*.pxd", "*.pyx"),
)
"""Patterns of names in the bundle."""

KEPT = ("PySide6/*translations/qtbase_de.qm",)
"""Of those, what stays: Qt's own words in the languages that the window speaks."""

STRIPPED_FROM = 1_000_000
"""Bytes from which on a library loses its symbols."""

NOT_STRIPPED = ("*openblas*", "*gfortran*", "*quadmath*")
"""`strip` breaks what patchelf has laid out anew."""


def modules() -> list[str]:
    """Every module of the program; most are imported by a name in a table, which nobody sees."""
    names = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def kept_modules(entries: list[Entry]) -> list[Entry]:
    """The rows without torch's own tests, save what the rest of torch imports of them."""
    used = {TORCH_TESTS + name for name in USED_OF_TORCH_TESTS}
    return [entry for entry in entries if not entry[0].startswith(TORCH_TESTS) or entry[0] in used]


def kept(entries: list[Entry]) -> list[Entry]:
    """The rows without those that `LEFT_OUT` names, and without links to them."""
    rows = [
        entry for entry in entries if _matches(entry[0], KEPT) or not _matches(entry[0], LEFT_OUT)
    ]
    names = {name for name, _, _ in rows}
    return [
        (name, path, kind)
        for name, path, kind in rows
        if kind != "SYMLINK" or str(PurePath(name).parent / path) in names
    ]


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name.replace("\\", "/"), pattern) for pattern in patterns)


def stripped(entries: list[Entry], folder: Path) -> list[Entry]:
    """The rows with the large libraries replaced by copies without symbols (Linux only).

    Args:
        entries: rows of binaries.
        folder: for the copies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_stripped(entry, folder) for entry in entries]


def _stripped(entry: Entry, folder: Path) -> Entry:
    name, path, kind = entry
    is_library = kind in ("BINARY", "EXTENSION") and Path(path).is_file()
    if not is_library or Path(path).stat().st_size < STRIPPED_FROM:
        return entry
    if any(fnmatch(name, pattern) for pattern in NOT_STRIPPED):
        return entry
    copy = folder / name.replace("/", "__")
    subprocess.run(  # noqa: S603 - a fixed program and paths of our own
        ["strip", "--strip-unneeded", "-o", str(copy), path],  # noqa: S607 - binutils, from PATH
        check=True,
    )
    return (name, str(copy), kind)


def windows_version(version: str) -> object:
    """What Windows shows under Properties > Details, as PyInstaller wants it."""
    from PyInstaller.utils.win32 import versioninfo

    numbers = (*map(int, version.split(".")), 0)
    words = {
        "CompanyName": "The Lacuna authors",
        "FileDescription": "Lacuna",
        "FileVersion": version,
        "InternalName": "lacuna",
        "LegalCopyright": "The Lacuna authors, MIT licence",
        "OriginalFilename": "lacuna.exe",
        "ProductName": "Lacuna",
        "ProductVersion": version,
    }
    texts = [versioninfo.StringStruct(name, value) for name, value in words.items()]
    english = 0x0409
    unicode = 1200
    return versioninfo.VSVersionInfo(
        ffi=versioninfo.FixedFileInfo(filevers=numbers, prodvers=numbers),
        kids=[
            versioninfo.StringFileInfo(
                [versioninfo.StringTable(f"{english:04x}{unicode:04x}", texts)]
            ),
            versioninfo.VarFileInfo([versioninfo.VarStruct("Translation", [english, unicode])]),
        ],
    )
