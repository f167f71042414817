"""The last steps of a batch: where results go and what they are called, and what fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from app.dialogs.batch_path import PathRow
from app.dialogs.batch_sources import Step, dim_label, start_of
from app.language import tr, tr_later
from app.panels.controls import QuietComboBox, TextField, check_box, labelled
from app.session.batch_words import ON_EXISTING, earlier, example, method
from app.session.notices import shortened

if TYPE_CHECKING:
    from app.session.batch import Batch
    from app.session.batch_wish import Wish
    from app.session.questions import Questions
    from engine.recipe import Recipe

EXAMPLE = "photo.jpg"
LONGEST_NAME = 32
NARROW = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
EDITOR, RECIPE = "editor", "recipe"
TOKENS = tr_later("{stem} name, {ext} ending, {backend}, {seed}, {parent} folder of the picture")


class OutputStep(Step):
    """Folder, name, and what to do with names that are taken."""

    def __init__(self, batch: Batch, questions: Questions) -> None:
        super().__init__(tr("3   Results"))
        self._batch = batch
        self._questions = questions
        self.path = PathRow(tr("Folder of the results"), tr("A folder; it is made if need be"))
        self.path.changed.connect(lambda path: self.change(output=path))
        self.path.ask.connect(self._ask)
        self.in_place = check_box(
            tr("Into the pictures' folder (in place)"),
            tr("Allow results among the pictures; without this nothing is ever written there"),
        )
        self.in_place.toggled.connect(lambda on: self.change(in_place=on))
        self.name = TextField()
        self.name.setAccessibleName(tr("Name of the results"))
        self.name.setToolTip(tr(TOKENS))
        self.name.textEdited.connect(lambda text: self.change(name=text.strip()))
        self.example = dim_label()
        self.existing = QuietComboBox()
        self.existing.setAccessibleName(tr("If a result exists"))
        for key, label in ON_EXISTING.items():
            self.existing.addItem(tr(label), key)
        self.existing.activated.connect(
            lambda at: self.change(on_existing=self.existing.itemData(at))
        )
        self.resume = check_box(
            "",
            tr(
                "Results of an earlier run with these settings, which are checked before "
                "they are kept"
            ),
        )
        self.resume.toggled.connect(lambda on: self.change(resumes=on))
        self.add(
            self.path,
            self.in_place,
            labelled(tr("Name"), self.name),
            self.example,
            labelled(tr("If it exists"), self.existing),
            self.resume,
        )
        batch.planning.changed.connect(self.show_plan)

    def show_wish(self, wish: Wish, recipe: Recipe) -> None:
        self.wish = wish
        self.path.setEnabled(not wish.in_place)
        self.path.show_path(wish.images if wish.in_place else wish.output)
        if self.name.text().strip() != wish.name:
            self.name.setText(wish.name)
        self.existing.setCurrentIndex(self.existing.findData(wish.on_existing))
        with QSignalBlocker(self.in_place), QSignalBlocker(self.resume):
            self.in_place.setChecked(wish.in_place)
            self.resume.setChecked(wish.resumes)
        self._show_example(recipe)
        self.show_plan()

    def show_plan(self) -> None:
        """Offer to go on with an earlier run, if there was one with these settings."""
        survey = self._batch.planning.survey
        has_earlier = survey is not None and survey.earlier > 0
        if survey is not None and has_earlier:
            self.resume.setText(earlier(survey))
        self.resume.setVisible(has_earlier)
        if self.wish is not None:
            self._show_example(self._batch.recipe)

    def _show_example(self, recipe: Recipe) -> None:
        survey = self._batch.planning.survey
        items = survey.plan.items if survey is not None else ()
        image = items[0].image.name if items else EXAMPLE
        if self.wish is not None:
            self.example.setText(shortened(example(self.wish, image, recipe), LONGEST_NAME))

    def _ask(self) -> None:
        output = self.wish.output if self.wish is not None else ""
        folder = self._questions.folder_to_use(tr("Folder of the Results"), start_of(output))
        if folder is not None:
            self.change(output=str(folder))


class MethodStep(Step):
    """What is set in the editor, or a recipe.

    Signals:
        open_wanted: the user wants to choose a recipe file.
        save_wanted: the user wants the present recipe as a file.
    """

    open_wanted = Signal()
    save_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(tr("Fill with"))
        self._recipe: Recipe | None = None
        self.sources = QuietComboBox()
        self.sources.setAccessibleName(tr("What fills"))
        self.sources.setSizeAdjustPolicy(NARROW)
        self.sources.addItem(tr("What is set in the editor"), EDITOR)
        self.sources.activated.connect(self._on_source)
        self.text = dim_label()
        self.open = _button(tr("Open Recipe…"), tr("Use the settings of a file"))
        self.open.clicked.connect(self.open_wanted)
        self.save = _button(tr("Save Recipe…"), tr("For “lacuna batch --recipe” and other folders"))
        self.save.clicked.connect(self.save_wanted)
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.open)
        row.addWidget(self.save)
        row.addStretch(1)
        self.add(self.sources, self.text, buttons)

    def show_wish(self, wish: Wish, recipe: Recipe, source: str) -> None:
        self.wish = wish
        if wish.recipe is not None:
            self._recipe = wish.recipe
            if self.sources.count() == 1:
                self.sources.addItem("", RECIPE)
            self.sources.setItemText(1, shortened(source, LONGEST_NAME))
        self.sources.setCurrentIndex(0 if wish.recipe is None else 1)
        self.text.setText(method(recipe))

    def _on_source(self, index: int) -> None:
        is_own = self.sources.itemData(index) == RECIPE
        self.change(recipe=self._recipe if is_own else None)


def _button(label: str, tip: str) -> QPushButton:
    button = QPushButton(label)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
