"""Start the tool: ``xinglin-admin --server https://portal.example.org --language zh``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from PySide6.QtCore import QLibraryInfo, QLocale, QSettings, QTranslator
from PySide6.QtWidgets import QApplication

from xinglin_admin import background, theme
from xinglin_admin.garbage import collected_here
from xinglin_admin.locale import Language
from xinglin_admin.settings import Settings
from xinglin_admin.window import MainWindow

_LAST_WAIT_MILLISECONDS = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    application = QApplication([sys.argv[0]])
    application.setOrganizationName("Xinglin")
    application.setApplicationName("xinglin-admin")
    settings = Settings(QSettings())
    language = Language(options.language) if options.language else settings.language
    use_qt_words(application, language)
    theme.apply(application, settings.scheme)
    application.styleHints().colorSchemeChanged.connect(
        lambda _scheme: theme.apply(application, settings.scheme)
    )
    with collected_here():
        window = MainWindow(settings, language, options.server or settings.server)
        window.show()
        code = application.exec()
        background.finish(_LAST_WAIT_MILLISECONDS)
    return code


def use_qt_words(application: QApplication, language: Language) -> None:
    """Qt's own words (calendar, context menus) and the form of dates."""
    is_chinese = language is Language.CHINESE
    territory = QLocale.Country.China if is_chinese else QLocale.Country.UnitedKingdom
    locale = QLocale(QLocale.Language.Chinese if is_chinese else QLocale.Language.English, territory)
    QLocale.setDefault(locale)
    translator = QTranslator(application)
    if translator.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xinglin-admin", description="Xinglin administration (杏林管理工具)"
    )
    parser.add_argument("--server", default="", metavar="URL", help="address of the portal, https://…")
    parser.add_argument("--language", choices=[language.value for language in Language], default="")
    return parser


if __name__ == "__main__":
    sys.exit(main())
