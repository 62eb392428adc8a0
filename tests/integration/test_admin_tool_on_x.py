"""The desktop tool on a real X server: the libraries that README names are enough."""

from __future__ import annotations

import os
import subprocess
import sys

SHOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLineEdit
from xinglin_admin import main

def look():
    windows = QApplication.topLevelWidgets()
    fields = [field for window in windows for field in window.findChildren(QLineEdit) if field.isVisible()]
    if fields:
        print(QApplication.platformName(), *(field.objectName() for field in fields))
        QApplication.quit()
    else:
        QTimer.singleShot(50, look)

QTimer.singleShot(0, look)
sys.exit(main.main(["--server", "http://127.0.0.1:9"]))
"""


def test_it_shows_its_login() -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb"}
    command = ["xvfb-run", "-a", sys.executable, "-W", "ignore", "-c", SHOW]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert shown.returncode == 0, shown.stderr
    platform, *fields = shown.stdout.split()
    assert platform == "xcb"
    assert {"loginField", "passwordField", "codeField"} <= set(fields)
