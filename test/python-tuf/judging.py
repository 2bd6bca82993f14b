"""What python-tuf's Updater makes of what is served, in the words that judge.ts has too."""

import base64
import hashlib
import json
import os
import re
import tempfile
from urllib.parse import unquote

from tuf.api import exceptions
from tuf.ngclient import FetcherInterface, Updater

from writing import date

BASE = "https://example.com/"
TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")


class Served(FetcherInterface):
    """Answers what is served; what is not there is 404."""

    def __init__(self):
        self.files = {}
        self.asked = ""
        self.role = "root"

    def _fetch(self, url):
        self.asked = url.removeprefix(BASE)
        if self.asked.startswith("metadata/"):
            self.asked = unquote(self.asked)
        answer = self.files.get(self.asked, 404)
        if isinstance(answer, int):
            raise exceptions.DownloadHTTPError(f"{answer}", answer)
        return iter([base64.b64decode(answer)])


class Client(Updater):
    """Tells what it asks for: most messages do not."""

    def _download_metadata(self, rolename, length, version=None):
        self._fetcher.role = rolename
        return super()._download_metadata(rolename, length, version)


def judge(case):
    served = Served()
    trust = base64.b64decode(case["trust"])
    with tempfile.TemporaryDirectory() as folder:
        return [session(trust, folder, served, one, case["lookups"]) for one in case["sessions"]]


def session(trust, folder, served, case, lookups):
    served.files.update(case["served"])
    for gone in case["gone"]:
        del served.files[gone]
    # From the second session on it starts from what it has stored.
    stored = os.path.exists(os.path.join(folder, "root.json"))
    updater = None

    def refresh():
        nonlocal updater
        updater = Client(
            folder,
            f"{BASE}metadata/",
            target_base_url=f"{BASE}targets/",
            fetcher=served,
            bootstrap=None if stored else trust,
        )
        updater._trusted_set.reference_time = date(case["now"])
        updater.refresh()
        return "ok"

    def target(path):
        info = updater.get_targetinfo(path)
        if info is None:
            return "absent"
        with open(updater.download_target(info, os.path.join(folder, "target")), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    verdict = said(refresh, served)
    targets = {}
    for path in lookups if verdict == "ok" else []:
        targets[path] = said(lambda path=path: target(path), served, path)
    return {"refresh": verdict, "held": held(folder, trust), "targets": targets}


def held(folder, trust):
    versions = {"root": json.loads(trust)["signed"]["version"]}
    for role in TOP_LEVEL:
        path = os.path.join(folder, f"{role}.json")
        if os.path.exists(path):
            with open(path, "rb") as file:
                versions[role] = json.load(file)["signed"]["version"]
    return versions


def said(call, served, path=None):
    """What a call answers, or what it refuses, in the words that both clients have."""
    try:
        return call()
    except (exceptions.RepositoryError, exceptions.DownloadError) as error:
        return refusal(error, served, path)


# What the messages of python-tuf say of the role.
WORDS = [
    (exceptions.UnsignedMetadataError, r"(.+) was signed by ", "unsigned"),
    (exceptions.ExpiredMetadataError, r"Final (.+)\.json is expired", "expired"),
    (exceptions.ExpiredMetadataError, r"New (.+) is expired", "expired"),
    (exceptions.ExpiredMetadataError, r"(.+)\.json is expired", "expired"),
    (exceptions.BadVersionNumberError, r"New (timestamp|snapshot) version", "version"),
    (exceptions.BadVersionNumberError, r"Expected (.+)\.json version ", "version"),
    (exceptions.BadVersionNumberError, r"Expected (root|snapshot) version ", "version"),
    (exceptions.BadVersionNumberError, r"Expected (.+) v\d+, got v", "version"),
    (exceptions.RepositoryError, r"New snapshot is missing info for '(.+)\.json'", "dropped"),
    (exceptions.RepositoryError, r"Role (.+) was delegated but is not part of snapshot", "not listed"),
]


def refusal(error, served, path):
    for kind, pattern, word in WORDS:
        match = re.match(pattern, str(error), re.DOTALL)
        if isinstance(error, kind) and match:
            return f"{word} {match[1]}"
    if isinstance(error, exceptions.DownloadHTTPError):
        return f"not had {served.asked}"
    role = path if served.asked.startswith("targets/") else served.role
    if isinstance(error, (exceptions.LengthOrHashMismatchError, exceptions.DownloadLengthMismatchError)):
        return f"other bytes {role}"
    # What cannot be read, or is of another type.
    return f"invalid {role}"
