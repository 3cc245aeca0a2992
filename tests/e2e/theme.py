"""A theme as an operator uses it: the example of docs/, changes that a restart takes, and mistakes at the start."""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import Site, check, run

SOURCE = os.environ["WARTA_SOURCE_DIR"]
ITEM = '[{"type": "news", "title": "One", "slug": "one", "date": "2020-01-01"}]'


class Themed(Site):
    """A site whose theme is outside its folder, where the server may read no more than it is told to."""

    def __init__(self):
        super().__init__()
        self.outside = tempfile.mkdtemp(prefix="warta-theme-")
        self.theme = os.path.join(self.outside, "theme")
        shutil.copytree(os.path.join(SOURCE, "docs/theme"), self.theme)
        self.run("import", "-", text=ITEM)

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.outside)


def put(site, name, text):
    path = os.path.join(site.theme, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def start(site):
    return site.start(flags=["--theme", site.theme, "--site-lang", "id"])


def page(site, target):
    status, _, text = site.get(target)
    check(status == 200, f"{target} answered {status}: {text}")
    return text


def the_example():
    with Themed() as site:
        start(site)
        listing, item = page(site, "/"), page(site, "/items/one")
        check('<html lang="id">' in listing and "1 tulisan" in listing and "Langsung ke isi" in listing, listing)
        check("Semua tulisan" in item and "Bentuk lain" in item and "Markdown" in item, item)
        check("Tidak ditemukan" in site.get("/nowhere")[2], "an error page is in English")
        emblem = re.search(r'<img src="(/static/emblem\.[0-9a-f]{16}\.svg)"', item)[1]
        status, headers, svg = site.get(emblem)
        check(status == 200 and headers["Content-Type"] == "image/svg+xml" and "immutable" in headers["Cache-Control"], svg)
        check(page(site, "/static/emblem.svg") == svg, "a style sheet cannot name a file of the theme")
        colours = re.search(r'href="(/static/colours\.[0-9a-f]{16}\.css)"', item)[1]
        check("--link: rgb(11 93 78)" in page(site, colours), "the colours are not the theme's")
        check(site.request("HEAD", colours, None, {"Accept-Encoding": "gzip"})[1]["Content-Encoding"] == "gzip", "no compressed form")
        check(site.get("/static/site.css")[0] == 404, "a built-in file answers without its hash")


def a_restart_takes_what_changed():
    with Themed() as site:
        start(site)
        before = re.search(r"/static/colours\.[0-9a-f]{16}\.css", page(site, "/"))[0]
        put(site, "static/colours.css", ":root { --paper: #fee; }")
        put(site, "templates/words.txt", "back_to_top = Top & out\n")
        check("Kembali ke atas" in page(site, "/"), "a theme is read without being told to")
        site.stop()
        start(site)
        after = re.search(r"/static/colours\.[0-9a-f]{16}\.css", page(site, "/"))[0]
        check(after != before and "#fee" in page(site, after), "the style is still the old one")
        check("Top &amp; out" in page(site, "/") and "1 item" in page(site, "/"), "the words are still the old ones")


def mistakes():
    """File, what is in it, what is said."""
    yield "templates/public/item.html", "\n{{#related}}", "templates/public/item.html:2: "
    yield "templates/public/items.html", "", "did you mean templates/public/item.html?"
    yield "templates/words.txt", "\nskipp = x\n", "templates/words.txt:2: 'skipp' is none of the words"
    yield "templates/public/error.html", "{{word.nowhere_to_be_found}}", "error.html:1: there is no key 'word.nowhere_to_be_found'"


def a_mistake_ends_the_start():
    for name, text, said in mistakes():
        with Themed() as site:
            put(site, name, text)
            words = ["--theme", site.theme]
            for verb in (["serve", "--listen", "127.0.0.1:0", *words], ["check", *words]):
                line = site.run(*verb, code=1).splitlines()[-1]
                check(line.startswith(f"warta: {site.theme}/templates") and said in line, f"{verb[0]}: {line}")
    with Themed() as site:
        lines = site.run("serve", "--listen", "127.0.0.1:0", "--theme", site.path("gone"), code=1).splitlines()
        check(len(lines) == 1 and "gone: No such file or directory: --theme" in lines[0], lines)


def what_a_page_lacks_is_logged():
    with Themed() as site:
        put(site, "templates/public/item.html", "{{title}}{{months}}")
        start(site)
        check("<h1>One</h1>" in page(site, "/items/one"), "no reader's page")
        check("the theme's template was not used: public/item.html:1: 'months' is in no scope" in site.log(), site.log())


if __name__ == "__main__":
    sys.exit(run([the_example, a_restart_takes_what_changed, a_mistake_ends_the_start, what_a_page_lacks_is_logged]))
