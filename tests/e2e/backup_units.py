#!/usr/bin/env python3
"""The units of deploy/ that make backups: systemd takes them, they are locked in, and what they run does its work twice."""
import configparser
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

WARTA = os.environ["WARTA"]
DEPLOY = Path(os.environ["WARTA_SOURCE_DIR"], "deploy")
EXPOSURE_MAX = 1.5


def output(*command):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WARTA")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / name)
    return parser


def verify(folder):
    """The executable and its manual page need not be installed here."""
    for name in ("warta-backup.service", "warta-backup.timer"):
        text = (DEPLOY / name).read_text(encoding="utf-8").replace("/usr/bin/warta", WARTA)
        Path(folder, name).write_text(text.replace("Documentation=man:warta(1)\n", ""), encoding="utf-8")
    said = output("systemd-analyze", "verify", f"{folder}/warta-backup.service", f"{folder}/warta-backup.timer")
    assert said == "", said
    security = output("systemd-analyze", "security", "--offline=yes", f"{folder}/warta-backup.service")
    exposure = float(re.search(r"Overall exposure level.*: ([\d.]+) ", security)[1])
    assert exposure <= EXPOSURE_MAX, f"the service is exposed: {exposure}"
    output("systemd-analyze", "calendar", unit("warta-backup.timer")["Timer"]["OnCalendar"])


def run(folder):
    """As the service would, with the places that it names moved into a folder."""
    state, settings = Path(folder, "lib"), Path(folder, "etc")
    service = unit("warta-backup.service")["Service"]
    assert service["StateDirectory"].split() == ["warta", "warta/backups"], "the folders are others"
    for place in ("warta", "warta/backups"):
        (state / place).mkdir(parents=True)
    settings.mkdir()
    command = shlex.split(service["ExecStart"].replace("/usr/bin/warta", WARTA).replace("/etc/warta", str(settings))
                          .replace("/var/lib", str(state)))
    (settings / "warta.conf").write_text(f"database = {state}/warta/warta.db\n", encoding="utf-8")
    samples = DEPLOY.parent / "samples/coop.json"
    output(WARTA, "import", "--config", str(settings / "warta.conf"), str(samples))
    for _ in range(2):
        output(*command)
    backups = list((state / "warta/backups").iterdir())
    assert 1 <= len(backups) <= 2 and all(re.fullmatch(r"warta-\d{8}T\d{6}Z\.db", path.name) for path in backups), backups
    output(WARTA, "export", "--database", str(backups[0]), str(Path(folder, "items.json")))
    assert "cooperative" in Path(folder, "items.json").read_text(encoding="utf-8").lower(), "the backup holds no items"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="warta-test-") as folder:
        verify(folder)
        run(folder)
    print("the units are in order")
    sys.exit(0)
