# SPDX-License-Identifier: MIT
"""Checks words and phrases against docs/internals/glossary.md, and the messages of commits."""

import re
import shutil
import subprocess

SUBJECT_COLUMNS = 72
# Imperatives that end like a past tense, a participle or a third person.
IMPERATIVES = {"need", "feed", "speed", "embed", "exceed", "proceed", "shed", "bring", "string",
               "ring", "sing", "ping", "address", "pass", "process", "focus", "access", "press",
               "discuss", "guess", "miss", "cross", "compress", "suppress", "express", "bypass"}


class glossary:
    """The contents of the page: the rejected identifiers of the library and of the tools, and the
    banned phrases, each with its replacement."""

    def __init__(self, page):
        self.words = {"library": {}, "tools": {}}
        self.phrases = {}
        section = ""
        for line in page.splitlines():
            if line.startswith("## "):
                section = line.rsplit(" ", 1)[1]
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if section in self.words and line.startswith("|") and len(cells) == 3:
                for word in re.findall(r"`([^`]+)`", cells[2]):
                    self.words[section][word] = cells[0]
            match = re.match(r'\* "([^"]+)": (.*)', line)
            if section == "phrases" and match:
                self.phrases[match[1]] = match[2]

    def words_for(self, path):
        if path.startswith(("src/", "include/")):
            return self.words["library"]
        return self.words["tools"] if path.startswith("tools/") else {}


def check_words(terms, path, code):
    """Finds identifiers for which the glossary has another word. `code` must have no comments and
    no strings."""
    words = terms.words_for(path)
    if not words:
        return
    pattern = re.compile(rf"(?:^|_)({'|'.join(map(re.escape, words))})(?:_|s?$)")
    for match in re.finditer(r"[A-Za-z_]\w*", code):
        rejected = pattern.search(match[0].lower())
        if rejected:
            yield code.count("\n", 0, match.start()) + 1, f"'{match[0]}': say {words[rejected[1]]}"


def check_phrases(terms, text):
    """Finds banned phrases, also if they are split by a line break and a comment marker."""
    for phrase, better in terms.phrases.items():
        divided = r"(?:\s|\n[ \t]*(?://[/!]?<?|#|\*)[ \t]*)+".join(map(re.escape, phrase.split()))
        for match in re.finditer(rf"\b{divided}(?!\w)", text, re.I):
            yield text.count("\n", 0, match.start()) + 1, f"'{phrase}': write {better}"


def check_subject(subject, body):
    """Yields a text for each problem of a commit message."""
    first = subject.split(" ")[0]
    if len(subject) > SUBJECT_COLUMNS:
        yield f"a subject of {len(subject)} columns, at most {SUBJECT_COLUMNS}"
    if not re.match(r"[A-Z]", subject) or subject.endswith("."):
        yield "a subject begins with a capital letter and ends without a period"
    if re.search(r"(?:ed|ing|[^s]s)$", first.lower()) and first.lower() not in IMPERATIVES:
        yield f"a subject is an imperative, not '{first}'"
    if not body.strip():
        yield "the reason belongs in the body"


def git(root, *arguments):
    """Returns the output of a git command, or None if it fails or git is not installed."""
    if shutil.which("git") is None:
        return None
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True,
                          check=False)
    return done.stdout if done.returncode == 0 else None


def check_commits(root, after):
    """Checks the commits after `after`, except merges. Checks none if `after` is not an ancestor:
    in a shallow clone, after a squash of the history, and outside a repository."""
    if git(root, "merge-base", "--is-ancestor", after, "HEAD") is None:
        return
    log = git(root, "log", "--no-merges", "--format=%h%x00%s%x00%b%x01", f"{after}..HEAD")
    for record in (log or "").split("\x01"):
        if record.strip():
            commit, subject, body = record.strip("\n").split("\x00")
            for problem in check_subject(subject, body):
                yield f"commit {commit}", 1, f"{problem}: {subject}"
