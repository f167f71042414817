"""Every command of the editor as one table: menus, tool bar, key sheet and `lacuna keys` read it.

No Qt here, so that the table can be printed without a display.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One command.

    Attributes:
        id: what settings and the command line call it.
        label: as the menu shows it.
        menu: menu title; "View/Theme" is a submenu.
        verb: "receiver.method" that it calls; receivers are session, toolbox, files, pictures,
            clipboard, masks, runs, projects, keypoints, inspector, lineup, batch, training, help,
            tour, canvas and window.
        keys: portable key sequences that work wherever no text is being typed.
        canvas_keys: further keys that work only while the canvas has the focus.
        icon: role in `app.theme.ICONS`.
        needs: the session's predicate that must hold; empty = always.
        argument: passed to the verb, if not None.
        state: the session's property that the check mark shows; checked when it equals
            `argument`, or is true when there is none. Empty = no check mark.
        held: acts while its key is down: verb(True) on press, verb(False) on release.
        tip: what it does, for the tooltip; the label where empty.
        group: a separator stands between two groups of a menu.
    """

    id: str
    label: str
    menu: str
    verb: str
    keys: tuple[str, ...] = ()
    canvas_keys: tuple[str, ...] = ()
    icon: str = ""
    needs: str = ""
    argument: str | int | None = None
    state: str = ""
    held: bool = False
    tip: str = ""
    group: str = ""

    @property
    def all_keys(self) -> tuple[str, ...]:
        return self.canvas_keys + self.keys

    @property
    def plain_label(self) -> str:
        """The label without the dots that announce a dialog."""
        return self.label.removesuffix("…")


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something done with the mouse or a held key on the canvas; on the key sheet only."""

    label: str
    how: str


MENUS = ("File", "Edit", "Select", "View", "Inpaint", "Train", "Help")

# fmt: off
_FILE = (
    ActionSpec(
        "open", "Open…", "File", "files.ask_open", ("Ctrl+O",), icon="open",
        tip="Open a picture", group="open",
    ),
    ActionSpec(
        "previous_file", "Previous in Folder", "File", "files.open_neighbour", ("PgUp",),
        needs="has_picture", argument=-1, tip="Open the previous picture of the folder",
        group="folder",
    ),
    ActionSpec(
        "next_file", "Next in Folder", "File", "files.open_neighbour", ("PgDown",),
        needs="has_picture", argument=1, tip="Open the next picture of the folder", group="folder",
    ),
    ActionSpec(
        "next_picture", "Next Open Picture", "File", "pictures.step", ("Ctrl+Tab",),
        needs="has_several", argument=1, tip="Show the next picture of the strip", group="folder",
    ),
    ActionSpec(
        "previous_picture", "Previous Open Picture", "File", "pictures.step",
        ("Ctrl+Shift+Tab",), needs="has_several", argument=-1,
        tip="Show the previous picture of the strip", group="folder",
    ),
    ActionSpec(
        "save", "Save", "File", "files.save", ("Ctrl+S",), icon="save", needs="has_picture",
        tip="Save the picture, keeping format, quality and metadata", group="save",
    ),
    ActionSpec(
        "save_as", "Save As…", "File", "files.save_as", ("Ctrl+Shift+S",), needs="has_picture",
        tip="Save under another name or format", group="save",
    ),
    ActionSpec(
        "export", "Export a Copy…", "File", "files.export_copy", ("Ctrl+Shift+E",),
        needs="has_picture", tip="Write a copy and go on working on this picture", group="save",
    ),
    ActionSpec(
        "save_project", "Save Project", "File", "projects.save", ("Ctrl+Alt+S",),
        needs="has_picture", group="project",
        tip="Save the picture with its masks, results, undo steps and view in one file",
    ),
    ActionSpec(
        "save_project_as", "Save Project As…", "File", "projects.save_as", needs="has_picture",
        tip="Save the project under another name", group="project",
    ),
    ActionSpec(
        "recipe_none", "Keep No Recipe", "File/Recipe", "files.keep_recipe", argument="none",
        state="keep_recipe", tip="Save pictures without the settings that filled them",
        group="recipe",
    ),
    ActionSpec(
        "recipe_beside", "Keep Recipe Beside the Picture", "File/Recipe", "files.keep_recipe",
        argument="beside", state="keep_recipe",
        tip="Write NAME.recipe.json with every saved picture, for “lacuna inpaint --recipe”",
        group="recipe",
    ),
    ActionSpec(
        "recipe_inside", "Keep Recipe Inside the Picture", "File/Recipe", "files.keep_recipe",
        argument="inside", state="keep_recipe",
        tip="Put the settings into the metadata of every saved picture: XMP, in PNG as text too",
        group="recipe",
    ),
    ActionSpec(
        "batch", "Inpaint Folder…", "File", "batch.show_dialog", ("Ctrl+Shift+B",),
        tip="Fill all pictures of a folder", group="batch",
    ),
    ActionSpec(
        "close", "Close Picture", "File", "files.close", ("Ctrl+W",), needs="has_picture",
        group="end",
    ),
    ActionSpec("quit", "Quit", "File", "window.close", ("Ctrl+Q",), group="end"),
)

_EDIT = (
    ActionSpec(
        "undo", "Undo", "Edit", "session.undo", ("Ctrl+Z",), icon="undo", needs="can_undo",
        group="history",
    ),
    ActionSpec(
        "redo", "Redo", "Edit", "session.redo", ("Ctrl+Shift+Z", "Ctrl+Y"), icon="redo",
        needs="can_redo", group="history",
    ),
    ActionSpec(
        "copy", "Copy Result", "Edit", "clipboard.copy", ("Ctrl+C",), needs="has_picture",
        tip="Copy the picture as it is now", group="clipboard",
    ),
    ActionSpec(
        "paste", "Paste as New", "Edit", "clipboard.paste", ("Ctrl+V",),
        tip="Open the picture that is on the clipboard", group="clipboard",
    ),
    ActionSpec(
        "settings", "Settings…", "Edit", "window.show_settings", ("Ctrl+,",), group="settings",
        tip="Everything that can be set, with its default",
    ),
)

_SELECT = (
    ActionSpec(
        "tool_brush", "Brush", "Select", "toolbox.use", ("B",), icon="brush",
        argument="brush", state="tool_id", tip="Paint over what shall vanish", group="tools",
    ),
    ActionSpec(
        "tool_eraser", "Eraser", "Select", "toolbox.use", ("E",), icon="eraser",
        argument="eraser", state="tool_id", tip="Take away from the mask", group="tools",
    ),
    ActionSpec(
        "tool_source", "Source Brush", "Select", "toolbox.use", ("S",), icon="source",
        argument="source", state="tool_id",
        tip="Paint where the fill may never, or may only, be taken from", group="tools",
    ),
    ActionSpec(
        "tool_rectangle", "Rectangle", "Select", "toolbox.use", ("R",), icon="rectangle",
        argument="rectangle", state="tool_id", tip="Drag over what shall vanish", group="tools",
    ),
    ActionSpec(
        "tool_lasso", "Lasso", "Select", "toolbox.use", ("L",), icon="lasso",
        argument="lasso", state="tool_id", tip="Draw around what shall vanish", group="tools",
    ),
    ActionSpec(
        "tool_polygon", "Polygon", "Select", "toolbox.use", ("P",), icon="polygon",
        argument="polygon", state="tool_id",
        tip="Click corner by corner around what shall vanish", group="tools",
    ),
    ActionSpec(
        "tool_wand", "Magic Wand", "Select", "toolbox.use", ("W",), icon="wand",
        argument="wand", state="tool_id", tip="Click on a colour to mark what is like it",
        group="tools",
    ),
    ActionSpec(
        "tool_smart", "Smart Select", "Select", "toolbox.use", ("G",), icon="smart",
        argument="smart", state="tool_id", tip="Scribble inside an object to mark all of it",
        group="tools",
    ),
    ActionSpec(
        "swap", "Swap Brush and Eraser", "Select", "toolbox.swap", ("X",), group="swap",
    ),
    ActionSpec(
        "smaller", "Smaller Brush", "Select", "toolbox.resize", ("[",), argument=-1,
        group="swap",
    ),
    ActionSpec(
        "larger", "Larger Brush", "Select", "toolbox.resize", ("]",), argument=1,
        group="swap",
    ),
    ActionSpec(
        "softer", "Softer Brush", "Select", "toolbox.harden", ("Shift+[",), argument=-1,
        group="swap",
    ),
    ActionSpec(
        "harder", "Harder Brush", "Select", "toolbox.harden", ("Shift+]",), argument=1,
        group="swap",
    ),
    ActionSpec(
        "invert_mask", "Invert Mask", "Select", "masks.invert", ("Ctrl+Shift+I",),
        needs="has_picture", tip="Swap what is kept and what is filled", group="mask",
    ),
    ActionSpec(
        "clear_mask", "Clear Mask", "Select", "masks.clear", ("Ctrl+D",), needs="has_hole",
        group="mask",
    ),
    ActionSpec(
        "reselect_mask", "Reselect Last Mask", "Select", "masks.reselect",
        ("Ctrl+Shift+D",), needs="can_reselect", group="mask",
    ),
    ActionSpec(
        "add_mask", "New Mask", "Select/Masks", "masks.add", needs="has_picture",
        tip="Put the mask aside and begin an empty one", group="masks",
    ),
    ActionSpec(
        "duplicate_mask", "Copy Mask", "Select/Masks", "masks.duplicate", needs="has_picture",
        tip="Put the mask aside and go on with a copy of it", group="masks",
    ),
    ActionSpec(
        "next_mask", "Next Mask", "Select/Masks", "masks.step", ("Ctrl+M",), needs="has_masks",
        argument=1, tip="Take the next of the masks into use", group="masks",
    ),
    ActionSpec(
        "delete_mask", "Delete Mask", "Select/Masks", "masks.delete", needs="has_masks",
        tip="Remove the mask and go on with the one before it", group="masks",
    ),
    ActionSpec(
        "grow_mask", "Grow Mask", "Select", "masks.grow", needs="has_hole", group="shape",
        tip="Widen the mask by a step; the panel's slider sets the very pixels",
    ),
    ActionSpec(
        "shrink_mask", "Shrink Mask", "Select", "masks.shrink", needs="has_hole",
        group="shape", tip="Narrow the mask by a step; the panel's slider sets the very pixels",
    ),
    ActionSpec(
        "mask_from_alpha", "Mask from Transparency", "Select", "masks.from_transparency",
        needs="has_alpha", group="file", tip="Mark what is wholly transparent in the picture",
    ),
    ActionSpec(
        "open_mask", "Open Mask…", "Select", "masks.ask_open", needs="has_picture",
        group="file", tip="Read the mask from a picture: white marks what is filled",
    ),
    ActionSpec(
        "save_mask", "Save Mask…", "Select", "masks.ask_save", needs="has_hole", group="file",
        tip="Write the mask as a black and white PNG",
    ),
    ActionSpec(
        "save_source", "Save Source Marks…", "Select", "masks.ask_save_source",
        needs="has_marks", group="file",
        tip="Write where nothing may be taken from as a black and white PNG",
    ),
)

_VIEW = (
    ActionSpec(
        "zoom_in", "Zoom In", "View", "canvas.zoom_in", ("Ctrl++", "Ctrl+="), needs="has_picture",
        group="zoom",
    ),
    ActionSpec(
        "zoom_out", "Zoom Out", "View", "canvas.zoom_out", ("Ctrl+-",), needs="has_picture",
        group="zoom",
    ),
    ActionSpec(
        "fit", "Fit", "View", "canvas.fit", ("Ctrl+0",), icon="fit", needs="has_picture",
        tip="Show the whole picture", group="zoom",
    ),
    ActionSpec(
        "actual_size", "100 %", "View", "canvas.actual_size", ("Ctrl+1",), icon="actual_size",
        needs="has_picture", tip="One picture pixel on one screen pixel", group="zoom",
    ),
    ActionSpec(
        "hide_mask", "Hide Mask", "View", "session.hide_mask", ("H",), icon="mask",
        needs="has_picture", state="mask_hidden", tip="Hide or show the mask", group="look",
    ),
    ActionSpec(
        "compare", "Compare with the Original", "View", "session.compare", ("\\",),
        icon="compare", needs="has_picture", state="comparing", held=True,
        tip="Hold to see the picture as it was opened", group="compare",
    ),
    ActionSpec(
        "compare_wipe", "Wipe over the Original", "View", "session.show_comparison",
        ("Shift+Y",), icon="wipe", needs="has_picture", argument="wipe", state="comparison",
        tip="The original left of a divider, the picture right of it", group="compare",
    ),
    ActionSpec(
        "compare_side", "Beside the Original", "View", "session.show_comparison", ("Y",),
        icon="side", needs="has_picture", argument="side", state="comparison",
        tip="The original and the picture beside each other", group="compare",
    ),
    ActionSpec(
        "compare_difference", "Difference from the Original", "View",
        "session.show_comparison", ("D",), icon="difference", needs="has_picture",
        argument="difference", state="comparison",
        tip="How far the picture is from the original, amplified", group="compare",
    ),
    ActionSpec(
        "divider_left", "Divider to the Left", "View", "canvas.nudge_divider", ("Shift+Left",),
        needs="is_wiping", argument=-1, group="compare",
    ),
    ActionSpec(
        "divider_right", "Divider to the Right", "View", "canvas.nudge_divider", ("Shift+Right",),
        needs="is_wiping", argument=1, group="compare",
    ),
    ActionSpec(
        "inspect", "Inspect Fills", "View", "inspector.use", ("I",), needs="has_picture",
        state="inspecting", tip="Show where the filled pixel under the cursor was borrowed from",
        group="look",
    ),
    ActionSpec(
        "panels", "Panels", "View", "window.show_panels", ("F9",), state="panels_shown",
        tip="Show or hide the panels on the right", group="window",
    ),
    ActionSpec(
        "full_screen", "Full Screen", "View", "window.show_full_screen", ("F11",),
        state="full_screen", group="window",
    ),
    ActionSpec(
        "theme_auto", "As the System", "View/Theme", "session.use_theme", argument="auto",
        state="theme", group="theme",
    ),
    ActionSpec(
        "theme_light", "Light", "View/Theme", "session.use_theme", argument="light",
        state="theme", group="theme",
    ),
    ActionSpec(
        "theme_dark", "Dark", "View/Theme", "session.use_theme", argument="dark", state="theme",
        group="theme",
    ),
)

_INPAINT = (
    ActionSpec(
        "inpaint", "Inpaint", "Inpaint", "runs.inpaint", ("Ctrl+Return", "Ctrl+Enter"),
        canvas_keys=("Return", "Enter"), icon="inpaint", needs="can_run", tip="Fill the mask",
        group="run",
    ),
    ActionSpec(
        "cancel", "Cancel", "Inpaint", "window.cancel", ("Esc",), icon="cancel",
        tip="Stop the stroke or the run; end comparing", group="run",
    ),
    ActionSpec(
        "run_after_stroke", "Inpaint After Each Stroke", "Inpaint", "session.run_after_stroke",
        state="runs_after_stroke", group="option",
    ),
    ActionSpec(
        "compare_backends", "Compare Backends…", "Inpaint", "lineup.show_dialog",
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"), needs="has_picture",
        tip="Fill the mask with every backend that can, and see where they differ", group="run",
    ),
    ActionSpec(
        "variations", "Variations…", "Inpaint", "lineup.show_variations", needs="has_picture",
        tip="Fill the mask several times with this backend, and rank the fills", group="run",
    ),
    ActionSpec(
        "previous_result", "Previous Result", "Inpaint", "runs.step", (",",),
        needs="has_results", argument=-1, tip="Apply the result before this one", group="results",
    ),
    ActionSpec(
        "next_result", "Next Result", "Inpaint", "runs.step", (".",),
        needs="has_results", argument=1, tip="Apply the result after this one", group="results",
    ),
    ActionSpec(
        "keep_result", "Keep Result", "Inpaint", "runs.keep", ("Ctrl+J",),
        needs="has_results", tip="Mark the result so that it is never dropped to save memory",
        group="results",
    ),
    ActionSpec(
        "reuse_settings", "Reuse Its Settings", "Inpaint", "runs.reuse",
        needs="has_results", tip="Choose backend, options and seed as this result had them",
        group="results",
    ),
    ActionSpec(
        "batch_with_result", "Use Its Settings for a Folder…", "Inpaint", "batch.use_result",
        needs="has_results", tip="Fill a folder with the settings that this result had",
        group="results",
    ),
    ActionSpec(
        "delete_result", "Delete Result", "Inpaint", "runs.delete", needs="has_results",
        tip="Remove the result from the list; the picture stays as it is", group="results",
    ),
    ActionSpec(
        "next_keypoint", "Next Keypoint", "Inpaint", "keypoints.step", ("K",),
        needs="has_keypoints", argument=1, group="keypoints",
        tip="Select the next point of the face; the arrow keys move it, with Shift by ten pixels",
    ),
    ActionSpec(
        "previous_keypoint", "Previous Keypoint", "Inpaint", "keypoints.step", ("Shift+K",),
        needs="has_keypoints", argument=-1, group="keypoints",
    ),
    ActionSpec(
        "reset_keypoints", "Keypoints Back to the Hole", "Inpaint", "keypoints.reset",
        needs="has_keypoints", tip="Let the points of the face follow the mask again",
        group="keypoints",
    ),
    ActionSpec(
        "models", "Models…", "Inpaint", "window.show_models", group="models",
        tip="The networks, their weights, and how to get some",
    ),
)

_TRAIN = (
    ActionSpec(
        "fine_tune", "Fine-tune…", "Train", "training.show_dialog", group="run",
        tip="Train a network on your own pictures",
    ),
)

_HELP = (
    ActionSpec("keys", "Keyboard Shortcuts", "Help", "window.show_keys", ("F1", "Ctrl+/")),
    ActionSpec(
        "tour", "Tour", "Help", "tour.begin", tip="Four notes that show where things are",
    ),
    ActionSpec(
        "copy_report", "Copy Report", "Help", "help.copy_report", group="report",
        tip="Put what a report of a fault needs on the clipboard; nothing is sent",
    ),
    ActionSpec(
        "log", "Show Log Folder", "Help", "help.show_log_folder", group="report",
        tip="Open the folder in which Lacuna notes what it does",
    ),
    ActionSpec("about", "About Lacuna", "Help", "help.show_about", group="about"),
)

# fmt: on
ACTIONS: tuple[ActionSpec, ...] = _FILE + _EDIT + _SELECT + _VIEW + _INPAINT + _TRAIN + _HELP

GESTURES: tuple[Gesture, ...] = (
    Gesture("Zoom at the cursor", "Wheel, pinch"),
    Gesture("Pan, also during a stroke", "Space-drag, middle-drag"),
    Gesture("Straight line from the last stroke", "Shift-click"),
    Gesture("Brush size", "Shift+Wheel"),
    Gesture("The other of brush and eraser", "hold Alt"),
    Gesture("Move a keypoint", "Drag it; arrow keys, Shift for ten pixels"),
    Gesture("Erase", "Right-drag, the pen's other end"),
    Gesture("Areas: add to the mask", "Shift, whatever the mode"),
    Gesture("Areas: subtract from the mask", "Alt, right-drag"),
    Gesture("Areas: keep only what is inside", "Shift+Alt"),
    Gesture("Polygon: close", "Enter, double-click, first corner"),
    Gesture("Polygon: take back a corner", "Backspace"),
    Gesture("Smart select: leave out", "Alt or right-drag after a scribble"),
    Gesture("Magic wand: tolerance", "Drag on to the right or left"),
)

TOOL_BAR: tuple[tuple[str, ...], ...] = (
    ("open", "save"),
    ("undo", "redo"),
    ("fit", "actual_size"),
    ("hide_mask",),
    ("compare", "compare_wipe", "compare_side", "compare_difference"),
)
"""Ids of the top bar, group by group; Inpaint and Cancel stand at its end."""

CONTEXT_MENU: tuple[tuple[str, ...], ...] = (
    ("inpaint",),
    ("tool_brush", "tool_eraser", "tool_source"),
    ("invert_mask", "clear_mask", "reselect_mask"),
    ("hide_mask", "fit", "actual_size"),
)
"""Ids of the menu of a right click on the canvas, group by group."""

TOOL_STRIP: tuple[tuple[str, ...], ...] = (
    ("tool_brush", "tool_eraser", "tool_source"),
    ("tool_rectangle", "tool_lasso", "tool_polygon", "tool_wand", "tool_smart"),
)
"""Ids of the strip at the left, group by group."""


def action(action_id: str) -> ActionSpec:
    """The row with that id; a wrong id is our own mistake and raises KeyError."""
    return _BY_ID[action_id]


_BY_ID = {spec.id: spec for spec in ACTIONS}
