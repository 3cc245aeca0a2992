#!/usr/bin/env python3
"""The build splits the files of sql/ into statements, and refuses what is not right with its file and line. The embedder is
named in $EMBED, the project's folder in $WARTA_SOURCE_DIR."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

EMBED = os.environ["EMBED"]
SOURCE = Path(os.environ["WARTA_SOURCE_DIR"])
GOOD = "-- name: thing_get\n-- What it is for.\n-- columns: x\nSELECT 1 AS x;\n"
# What the file holds, and what is said of it behind "sql/thing.sql:"
REFUSED = [
    ("SELECT 1;\n", "1: a statement begins with a line"),
    ("\n\n-- All about things.\n\n" + GOOD, "3: a statement begins with a line"),
    ("\ufeff" + GOOD, "1: a statement begins with a line"),
    (GOOD + "\n-- Another, without its name.\nSELECT 2;\n", "6: a statement begins with a line"),
    (GOOD + ";\n", "5: a statement begins with a line"),
    ("-- columns: x\n-- name: thing_get\nSELECT 1 AS x;\n", "1: a statement begins with a line"),
    ("-- name:\nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name: \nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name: Thing\nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name: thing-get\nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name: thing get\nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name: thing_get \nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name: thing_get\r\nSELECT 1;\r\n", '1: write "-- name: "'),
    ("-- name: größe\nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name: count\nSELECT 1;\n", '1: write "-- name: "'),
    ("--name: thing\nSELECT 1;\n", '1: write "-- name: "'),
    (" -- name: thing\nSELECT 1;\n", '1: write "-- name: "'),
    ("-- Name: thing\nSELECT 1;\n", '1: write "-- name: "'),
    ("-- name : thing\nSELECT 1;\n", '1: write "-- name: "'),
    (GOOD + "\n--name:other\nSELECT 2;\n", '6: write "-- name: "'),
    ("-- name: thing_get", '1: "thing_get" has no semicolon'),
    ("-- name: thing_get\n", '2: "thing_get" has no semicolon'),
    ("-- name: thing_get\nSELECT 1\n", '3: "thing_get" has no semicolon'),
    ("-- name: thing_get\n-- It counts; it ends.\nSELECT 1\n", '4: "thing_get" has no semicolon'),
    ("-- name: thing_get\nSELECT ';'\n", '3: "thing_get" has no semicolon'),
    ("-- name: thing_get\nSELECT 'it''s\n;\n", '4: "thing_get" has no semicolon'),
    ("-- name: one\nSELECT 1\n\n-- name: two\nSELECT 2;\n", '4: "one" has no semicolon'),
    ("-- name: one\nSELECT 'a;\n\n-- name: two\nSELECT '2';\n", '4: "one" has no semicolon'),
    ("-- name: one\nSELECT 1\n\n--NAME: two\nSELECT 2;\n", '4: "one" has no semicolon'),
    ("-- name: one\n-- name: two\nSELECT 2;\n", '2: "one" has no semicolon'),
    ("-- name: one\n;\n", '2: "one" is not one statement'),
    ("-- name: one\n-- What it is for.\n\n;\n", '4: "one" is not one statement'),
    ("-- name: one\nSELECT 1; SELECT 2;\n", '2: "one" is not one statement'),
    ("-- name: one\nSELECT 1; -- name: two\nSELECT 2;\n", '2: "one" is not one statement'),
    (GOOD + "\n" + GOOD, '6: "thing_get" is also at sql/thing.sql:1'),
    (GOOD + "\n\n-- name: other_get\nSELECT 2;\n", '7: "other_get" is also at sql/other.sql:1'),
]


class Statements(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "sql/migrate").mkdir(parents=True)
        self.put("sql/other.sql", "-- name: other_get\nSELECT 'other' AS x;\n")

    def put(self, name, text):
        (self.root / name).write_bytes(text.encode())

    def embed(self, *names):
        return subprocess.run([EMBED, self.root, self.root / "assets.c", self.root / "sql.h", *names], text=True,
                              capture_output=True, check=False)

    def test_what_is_refused(self):
        for text, reason in REFUSED:
            with self.subTest(text=text):
                self.put("sql/thing.sql", text)
                done = self.embed("sql/other.sql", "sql/thing.sql")
                self.assertEqual(done.returncode, 1)
                self.assertTrue(done.stderr.startswith(f"embed: sql/thing.sql:{reason}"), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_a_nul_hides_nothing(self):
        self.put("sql/thing.sql", GOOD + "\0" + GOOD.replace("thing", "that"))
        self.assertIn("sql/thing.sql: holds a NUL", self.embed("sql/thing.sql").stderr)

    def test_no_statement_at_all(self):
        self.put("sql/thing.sql", "\n \n")
        self.assertIn("sql/ holds no statement", self.embed("sql/thing.sql").stderr)

    def test_what_becomes_of_files(self):
        self.put("sql/migrate/001_first.sql", "CREATE TABLE thing (x); CREATE TABLE that (x);\n")
        self.put("sql/thing.sql", "\n" + GOOD + "-- name: a2\nSELECT ';' AS \"a;b\", 'it''s -- so;'\n-- and; so\n"
                 "FROM thing; \t\n\n\n-- name: thing_all\nSELECT 2;")
        done = self.embed("sql/thing.sql", "sql/migrate/001_first.sql", "sql/other.sql")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        header = (self.root / "sql.h").read_text()
        self.assertEqual(re.findall(r"^    (SQL_\w+),?$", header, re.M),
                         ["SQL_A2", "SQL_OTHER_GET", "SQL_THING_ALL", "SQL_THING_GET", "SQL_COUNT"])
        source = (self.root / "assets.c").read_text()
        self.assertEqual(re.findall(r'\.name = "(.*)"', source), ["sql/migrate/001_first.sql"])
        statements = source[source.index("statements[]"):]
        self.assertEqual(re.findall(r'\{"(\w+)", "(.*)",\n', statements),
                         [("a2", "sql/thing.sql"), ("other_get", "sql/other.sql"), ("thing_all", "sql/thing.sql"),
                          ("thing_get", "sql/thing.sql")])
        self.assertIn(r"""    "SELECT ';' AS \042a;b\042, 'it''s -- so;'\012-- and; so\012FROM thing"},""", statements)
        self.assertIn(r"""    "-- What it is for.\012-- columns: x\012SELECT 1 AS x"},""", statements)

    def test_files_are_named_after_tables(self):
        schema = "".join(path.read_text() for path in (SOURCE / "sql/migrate").glob("*.sql"))
        tables = set(re.findall(r"^CREATE (?:VIRTUAL )?TABLE (\w+)", schema, re.M))
        for path in (SOURCE / "sql").glob("*.sql"):
            self.assertIn(path.stem, tables)


if __name__ == "__main__":
    unittest.main()
