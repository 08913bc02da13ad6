# SPDX-License-Identifier: MIT
"""The applications that test the auditor: their files, their expectations and their recordings.

An application is a source file in apps/<language>/ with a manifest beside it. apps/README.md
describes the manifest. Its name is <language>/<stem>.
"""

import fnmatch
import hashlib
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
APPS = HERE / "apps"
RECORDINGS = HERE / "recordings"
SUFFIXES = {"cpp": ".cpp", "go": ".go", "node": ".mjs", "npm": ".mjs", "php": ".php",
            "python": ".py", "ruby": ".rb"}
SHARED = {"cpp": ["traffic.hpp"], "go": ["traffic.go"],
          "node": ["traffic.mjs", "npm/package-lock.json"],
          "npm": ["../node/traffic.mjs", "packages/package-lock.json"], "php": ["traffic.php"],
          "python": ["traffic.py"], "ruby": ["traffic.rb"]}
FIELDS = {"title": str, "safe": bool, "expect": list, "may": list, "forbid": list, "cache": bool,
          "live": bool, "cluster": bool,
          "needs": list, "audit": list, "sources": list, "library": str}
# An application with fewer commands did not do what it is for. The shortest recording has 79.
COMMANDS_MIN = 50
ORIGIN_OPTIONS = ["--origin-log", "{origin_log}", "--origin-regex", r"^load (\S+)"]


class application:
    def __init__(self, manifest):
        self.language = manifest.parent.name
        self.name = f"{self.language}/{manifest.stem}"
        self.source = manifest.with_suffix(SUFFIXES[self.language])
        fields = json.loads(manifest.read_text(encoding="utf-8"))
        for field, value in fields.items():
            if not isinstance(value, FIELDS.get(field, ())):
                raise SystemExit(f"{manifest}: '{field}' is unknown or has the wrong type")
        self.title = fields["title"]
        self.safe = fields["safe"]
        self.expect = fields["expect"]
        self.may = fields.get("may", [])
        self.forbid = fields.get("forbid", [])
        self.is_cache = fields.get("cache", True)
        self.live = fields.get("live", False)
        self.needs_cluster = fields.get("cluster", False)
        self.needs = fields.get("needs", [])
        self.library = fields.get("library", "")
        self.sources = [ROOT / path for path in fields.get("sources", [])]
        self.audit = fields.get("audit", ORIGIN_OPTIONS if self.is_cache else [])
        self.recording = RECORDINGS / f"{self.name}.jsonl.gz"
        if self.safe == bool(self.expect):
            raise SystemExit(f"{manifest}: 'safe' must be true if and only if 'expect' is empty")

    def digest(self):
        """A digest of all files that determine its traffic."""
        sha = hashlib.sha256()
        shared = [self.source.parent / name for name in SHARED[self.language]]
        for path in [self.source, *shared, *self.sources]:
            sha.update(path.read_bytes())
        sha.update(json.dumps(self.audit).encode())
        return sha.hexdigest()

    def judge(self, findings):
        """The errors in the findings of an audit: (missing rules, unexpected findings)."""
        reported = {finding["rule"] for finding in findings}
        missing = [rule for rule in self.expect if rule not in reported]
        allowed = [*self.expect, *self.may]
        surplus = [finding for finding in findings if self._is_surplus(finding, allowed)]
        return missing, surplus

    def _is_surplus(self, finding, allowed):
        rule = finding["rule"]
        if any(fnmatch.fnmatchcase(rule, pattern) for pattern in self.forbid):
            return True
        if any(fnmatch.fnmatchcase(rule, pattern) for pattern in allowed):
            return False
        return finding["severity"] != "info" and not rule.startswith("C9")


def all_applications(names=()):
    """All applications, or those in `names`. A name may be a pattern, or a stem without its
    language."""
    known = {app.name: app for app in map(application, sorted(APPS.glob("*/*.json")))
             } if APPS.exists() else {}
    if not names:
        return list(known.values())
    chosen = {}
    for name in names:
        hits = [app for app in known.values()
                if fnmatch.fnmatchcase(app.name, name) or app.source.stem == name]
        if not hits:
            raise SystemExit(f"no application '{name}'; there are: {' '.join(known)}")
        chosen.update((app.name, app) for app in hits)
    return list(chosen.values())


def recorded_digests():
    """Returns a dictionary from names to the digest of the sources of the recording."""
    listed = RECORDINGS / "sources.txt"
    if not listed.exists():
        return {}
    rows = (line.split() for line in listed.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in (row for row in rows if len(row) == 2)}


def write_digests(digests):
    rows = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    (RECORDINGS / "sources.txt").write_text(rows, encoding="utf-8")


def replay(drover, app):
    """The JSON report of `drover audit --replay` for an application's recording."""
    done = subprocess.run([drover, "audit", "--replay", str(app.recording), "--format", "json"],
                          capture_output=True, check=False)
    return parsed(done, app)


def parsed(done, app):
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{app.name}: exit code {done.returncode}\n{done.stderr.decode()}")
    return json.loads(done.stdout)


def complaints(app, audit):
    """Returns a line for each difference between an audit and the manifest of the application."""
    missing, surplus = app.judge(audit["findings"])
    lines = [f"the chart of {name} shows {sum(audit[f'{name}_each_second'])}, the header {number}"
             for name, number in (("loads", audit["run"]["loads"]),
                                  ("refreshes", audit["run"]["refreshes"]),
                                  ("origin", audit["run"]["origin_loads"]))
             if sum(audit[f"{name}_each_second"]) != number]
    commands = audit["run"]["commands"]
    if commands < COMMANDS_MIN:
        lines.append(f"only {commands} commands were audited, {COMMANDS_MIN} are the least")
    lines += [f"{rule} was expected and not found" for rule in missing]
    for finding in surplus:
        lines.append(f"{finding['rule']} ({finding['severity']}) is a false alarm: "
                     f"{finding['pattern']}, {finding['count']} of {finding['opportunities']}")
    named = {finding["library"] for finding in audit["findings"]} - {""}
    lines += [f"a finding names the wrong library: {library}" for library in named - {app.library}]
    if app.library and app.expect and app.library not in named:
        lines.append(f"no finding names {app.library}")
    return lines


def python_with(module):
    """The path of a Python that has the module: the running one, or Debian's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and not subprocess.run(
                [python, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            return python
    raise SystemExit(f"no Python has the module {module}: apt-get install python3-{module}")
