"""Entries go to the Hugging Face Hub and come back: here to a server that speaks its endpoints."""

import base64
import hashlib
import http.server
import json
import re
import sys
import threading
from urllib.parse import unquote

import huggingface_hub
import numpy as np
import pytest
import yaml
from huggingface_hub import constants, file_download
from safetensors.numpy import load_file
from test_imported import written

import ganzoo
from ganzoo import InputError, cli, zoo
from ganzoo.inference import saved_model
from ganzoo.publishing import repository
from ganzoo.zoo import hub, imported, sources

ENTRY, REPO = "ebgan_fashion_mnist", "me/clothes"
PLACE = f"hf://{REPO}"
TOKEN = "hf_of_this_test"


class Handler(http.server.BaseHTTPRequestHandler):
    """What `huggingface_hub` asks of the Hub to make, fill, list and download a repository."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        hub_, path = self.server, unquote(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if hub_.fault == "refused" or self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(403, {"error": "no"})
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            if hub_.fault == "full":
                return self.answer(400, {"error": "no\nspace"})
            hub_.visibility[name] = asked.get("visibility")
            known = name in hub_.repos
            hub_.repos.setdefault(name, {"main": hub_.commit({})})
            return self.answer(409 if known else 200, {"url": f"{hub_.url}/{name}"})
        if path == "/api/validate-yaml":
            yaml.safe_load(json.loads(body)["content"].split("---\n")[1])
            return self.answer(200, {})
        if match := re.fullmatch(r"/api/models/(.+)/branch/(.+)", path):
            branches = hub_.repos[match[1]]
            branches[match[2]] = branches["main"]
            return self.answer(200, {})
        if "/preupload/" in path:
            files = [
                {"path": file["path"], "shouldIgnore": False, "uploadMode": mode}
                for file in json.loads(body)["files"]
                for mode in ["lfs" if file["size"] > 20_000 else "regular"]
            ]
            return self.answer(200, {"files": files})
        if path.endswith("/info/lfs/objects/batch"):
            objects = [
                file | {"actions": {"upload": {"href": f"{hub_.url}/lfs/{file['oid']}"}}}
                for file in json.loads(body)["objects"]
            ]
            return self.answer(200, {"objects": objects})
        name, branch = re.fullmatch(r"/api/models/(.+)/commit/(.+)", path).groups()
        files = dict(hub_.commits[hub_.repos[name][branch]])
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            if line["key"] == "lfsFile":
                files[value["path"]] = hub_.objects[value["oid"]]
        hub_.repos[name][branch] = commit = hub_.commit(files)
        self.answer(200, {"commitUrl": f"{hub_.url}/{name}/commit/{commit}", "commitOid": commit})

    def do_PUT(self):
        if self.server.fault == "hung up":
            self.close_connection = True
            return
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.objects[hashlib.sha256(data).hexdigest()] = data
        self.answer(200, {})

    def do_GET(self):
        hub_, path = self.server, unquote(self.path.partition("?")[0])
        hub_.asked.append(path)
        codes = {"private": (401, "RepoNotFound"), "gated": (403, "GatedRepo")}
        if hub_.fault in codes:
            status, code = codes[hub_.fault]
            return self.answer(status, {}, {"X-Error-Code": code})
        if hub_.fault == "forbidden":
            return self.answer(403, {})
        pattern = r"(?:/api/models)?/(\w+/\w+)(?:/(revision|tree|resolve)/([^/]+)(?:/(.+))?)?"
        name, what, revision, file = re.fullmatch(pattern, path).groups()
        if name not in hub_.repos:
            return self.answer(404, {}, {"X-Error-Code": "RepoNotFound"})
        commit = hub_.repos[name].get(revision or "main", revision)
        if commit not in hub_.commits:
            return self.answer(404, {}, {"X-Error-Code": "RevisionNotFound"})
        files = hub_.commits[commit]
        if what == "resolve":
            return self.file(file, files[file], commit)
        if what != "tree":
            return self.answer(200, {"id": name, "sha": commit})
        listed = [
            {"type": "file", "path": path, "size": len(data), "oid": digest(data)[:40]}
            for path, data in files.items()
        ]
        self.answer(200, listed)

    do_HEAD = do_GET

    def file(self, name, data, commit):
        headers = {"X-Repo-Commit": commit, "ETag": f'"{digest(data)}"'}
        fault = self.server.fault if name == self.server.of else None
        if fault == "garbage":
            data = bytes(len(data))
        if fault == "truncated" and self.command == "GET":
            data = data[:-1]
        if fault == "dropped" and self.command == "GET":
            self.close_connection = True
            return
        self.answer(200, data, headers)

    def answer(self, status, data, headers=()):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **dict(headers)}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    fault = of = None  # what goes wrong, and with which file

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.repos, self.commits, self.objects, self.visibility, self.asked = {}, {}, {}, {}, []

    def commit(self, files):
        name = digest(repr(sorted(files)).encode() + bytes(len(self.commits)))[:40]
        self.commits[name] = files
        return name

    def handle_error(self, *args):
        pass  # clients hang up


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def pushed():
    """A server with an entry that was pushed to it."""
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, server)
        assert cli.main(["push", ENTRY, f"--repo={REPO}", "--private"]) == 0
    yield server
    server.shutdown()
    server.server_close()


def connect(patch, server):
    patch.setenv("HF_ENDPOINT", server.url)
    patch.setenv("HF_TOKEN", TOKEN)
    patch.setenv("NO_PROXY", "127.0.0.1")
    patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    patch.delenv("GANZOO_OFFLINE", raising=False)


@pytest.fixture
def server(pushed, monkeypatch, tmp_path):
    """The same, with an empty cache beside it."""
    connect(monkeypatch, pushed)
    monkeypatch.setenv("GANZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(file_download.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(pushed, "fault", None)
    monkeypatch.setattr(pushed, "asked", [])
    return pushed


def fails(call, *words):
    """Checks that a call fails in one line that has these words in it."""
    with pytest.raises(InputError) as caught:
        call()
    line = str(caught.value)
    assert "\n" not in line and all(word in line for word in words), line


def test_what_is_pushed_draws_the_same(server, capsys, monkeypatch, tmp_path):
    assert server.visibility[REPO] == "private"
    model = ganzoo.load_pretrained(PLACE)
    expected = ganzoo.load_pretrained(ENTRY).sample(4, seed=3)
    np.testing.assert_array_equal(model.sample(4, seed=3), expected)
    asked = len(server.asked)
    monkeypatch.setenv("GANZOO_OFFLINE", "1")
    assert zoo.fetch(PLACE, version=1).name == "saved_model" and len(server.asked) == asked
    fails(lambda: zoo.fetch(PLACE, version=7), "expected version 1, got 7")
    facts = zoo.info(PLACE)
    assert facts["name"] == ENTRY and facts["metrics"] == zoo.info(ENTRY)["metrics"]
    assert zoo.recipe_path(PLACE).read_text() == zoo.recipe_path(ENTRY).read_text()
    assert cli.main(["info", PLACE]) == 0 and ENTRY in capsys.readouterr().out
    assert cli.main(["verify", PLACE, "--quick"]) == 0
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sample", PLACE, "--num=1"]) == 0 and (tmp_path / "clothes.png").is_file()


def test_the_card_has_the_figures_of_the_entry(server):
    files = server.commits[server.repos[REPO]["main"]]
    front, card = files["README.md"].decode().removeprefix("---\n").split("---\n", 1)
    front, summary = yaml.safe_load(front), zoo.info(ENTRY)["metrics"]
    assert front["license"] == "apache-2.0" and front["library_name"] == "ganzoo"
    assert {"gan", "ebgan", "fashion_mnist"} <= set(front["tags"])
    (index,) = front["model-index"]
    found = {row["type"]: row["value"] for of in index["results"] for row in of["metrics"]}
    assert found == {name: fact["value"] for name, fact in summary["metrics"].items()}
    data = [of["dataset"] for of in index["results"]]
    assert data == [{"name": "fashion_mnist", "type": "fashion_mnist", "split": "test"}]
    assert f'load_pretrained("{PLACE}")' in card and "saved_models/" not in card
    for linked in re.findall(r"\]\((\w+\.\w+)\)", card):
        assert linked in files


def test_the_safetensors_are_the_weights(server):
    folder = zoo.fetch(PLACE)
    network = saved_model.load(folder).network
    arrays = load_file(folder.parent / "model.safetensors")
    assert sorted(arrays) == sorted(weight.path for weight in network.weights)
    for weight in network.weights:
        np.testing.assert_array_equal(arrays[weight.path], np.asarray(weight))


def test_an_imported_entry_is_pushed_with_its_license(server, tmp_path, monkeypatch):
    monkeypatch.setattr(imported.fingerprint, "alone", lambda folders: [{}])
    path = written(tmp_path / "faces.safetensors", "dcgan_64")
    imported.import_entry(str(path), "my_faces", license="MIT")
    expected = zoo.load_pretrained("my_faces").sample(1)
    repository.push("my_faces", "me/faces")
    np.testing.assert_array_equal(zoo.load_pretrained("hf://me/faces").sample(1), expected)
    card = zoo.info("hf://me/faces")["card"]
    assert "license: other\nlicense_name: MIT\n" in card and "](samples.png)" in card
    assert 'load_pretrained("hf://me/faces")' in card and "model-index" not in card
    fails(lambda: zoo.recipe_path("hf://me/faces"), "no recipe")


def test_a_dry_run_pushes_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.chdir(tmp_path)
    command = ["push", ENTRY, f"--repo={REPO}"]
    assert cli.main([*command, "--dry_run"]) == 0
    out = capsys.readouterr().out
    assert "model.safetensors" in out and "nothing was pushed" in out
    folder = tmp_path / f"{ENTRY}_hub"
    load, stem = zoo.find(str(folder))  # the folder can be used, too
    assert stem == folder.name and load().sample(1).shape == (1, 28, 28, 1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    assert cli.main([*command, "--out=mine"]) == 2
    assert (tmp_path / "mine" / "thesis.txt").is_file()


def test_a_branch_is_a_revision(server):
    files = {"ganzoo.json": b"{}"}
    server.repos["me/other"] = {"main": server.commit(files)}
    repository.push(ENTRY, "me/other", revision="v1")
    assert zoo.fetch("hf://me/other@v1").is_dir()
    commit = server.repos["me/other"]["v1"]
    assert zoo.fetch(f"hf://me/other@{commit}") == zoo.fetch("hf://me/other@v1")
    fails(lambda: zoo.fetch("hf://me/other"), "ganzoo.json is not valid")


def test_other_repositories_are_refused(server):
    server.repos["me/plain"] = {"main": server.commit({"g.pth": b"pickle"})}
    fails(lambda: zoo.fetch("hf://me/plain"), "without ganzoo.json", "ganzoo import hf://me/plain")
    assert not any("/resolve/" in path for path in server.asked)
    hostile = json.loads(server.commits[server.repos[REPO]["main"]]["ganzoo.json"])
    hostile["files"]["../x"] = hostile["files"].pop("row.png")
    files = {"ganzoo.json": json.dumps(hostile).encode()}
    server.repos["me/hostile"] = {"main": server.commit(files)}
    fails(lambda: zoo.fetch("hf://me/hostile"), "expected a relative path")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("private", ["no such repository, or it is private", "hf auth login"]),
        ("gated", ["granted on request", "hf auth login"]),
        ("forbidden", ["refused (HTTP 403)", "hf auth login"]),
    ],
)
def test_who_has_no_access_is_told(server, monkeypatch, fault, words):
    monkeypatch.setattr(server, "fault", fault)
    fails(lambda: ganzoo.load_pretrained(PLACE), PLACE, *words)


def test_what_is_not_there_is_named(server):
    fails(lambda: zoo.fetch("hf://me/nothing"), "no such repository")
    fails(lambda: zoo.fetch(f"{PLACE}@v9"), "no such revision")


def test_without_a_network(server, monkeypatch):
    monkeypatch.setenv("GANZOO_OFFLINE", "1")
    fails(lambda: zoo.fetch(PLACE), "not in the cache", "GANZOO_OFFLINE")
    fails(lambda: repository.push(ENTRY, REPO), "GANZOO_OFFLINE")
    fails(lambda: sources.path(f"{PLACE}/README.md"), "not in the cache")
    monkeypatch.setenv("GANZOO_OFFLINE", "0")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    fails(lambda: zoo.fetch(PLACE), "refused", "Check the network")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("garbage", ["damaged", "expected SHA-256"]),
        ("truncated", ["size", "run it again"]),
        ("dropped", ["run it again"]),
    ],
)
def test_damaged_downloads_are_refused(server, monkeypatch, capfd, fault, words):
    monkeypatch.setattr(server, "of", "saved_model/saved_model.pb")
    monkeypatch.setattr(server, "fault", fault)
    fails(lambda: ganzoo.load_pretrained(PLACE), PLACE, *words)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr(server, "fault", None)
    assert zoo.fetch(PLACE).is_dir()  # nothing of it stays


def test_a_damaged_cache_is_replaced(server):
    path = zoo.fetch(PLACE) / "saved_model.pb"
    path.resolve().write_bytes(bytes(path.stat().st_size))
    assert zoo.fetch(PLACE) == path.parent and path.read_bytes().strip(b"\0")


def test_a_push_is_all_or_nothing(server, monkeypatch):
    before = dict(server.repos[REPO])
    monkeypatch.setattr(constants, "ENDPOINT", server.url)  # as in a process that starts with it
    monkeypatch.setattr(server, "fault", "refused")
    fails(lambda: repository.push(ENTRY, REPO), "refused (HTTP 403)", "hf auth login")
    monkeypatch.setattr(server, "fault", "full")
    fails(lambda: repository.push(ENTRY, REPO), "HTTP 400: no space")
    monkeypatch.setattr(server, "fault", "hung up")
    fails(lambda: repository.push(ENTRY, REPO), PLACE, "run it again")
    assert server.repos[REPO] == before


def test_a_missing_package_is_named(server, monkeypatch, capsys):
    extra = "pip install 'keras-ganzoo[hub]'"
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    fails(lambda: zoo.fetch(PLACE), extra)
    fails(lambda: sources.path(f"{PLACE}/README.md"), extra)
    assert cli.main(["push", ENTRY, f"--repo={REPO}"]) == 2
    assert extra in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "huggingface_hub", huggingface_hub)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    assert cli.main(["push", ENTRY, f"--repo={REPO}"]) == 2
    assert extra in capsys.readouterr().err


def test_wrong_names(capsys):
    assert cli.main(["push", ENTRY, "--repo=clothes"]) == 2
    assert "expected OWNER/REPO, got 'clothes'" in capsys.readouterr().err
    assert cli.main(["push", "ebgan_fashion", f"--repo={REPO}"]) == 2
    assert f"Did you mean '{ENTRY}'" in capsys.readouterr().err
    assert hub.is_entry("hf://a/b@v1.0") and not hub.is_entry("hf://a/b/file.pt")
    assert not hub.is_entry("hf://a/..") and not hub.is_entry("dcgan:hf://a/b")
