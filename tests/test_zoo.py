"""The catalogue and its downloads, against a real web server that does all that servers do."""

import errno
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from ganzoo import InputError, zoo
from ganzoo.inference import saved_model
from ganzoo.zoo import download, places

FILES = {
    "saved_model.pb": os.urandom(3_000),
    "variables/variables.index": os.urandom(100),
    "variables/variables.data-00000-of-00001": os.urandom(150_000),
}
FETCH = """
import sys
from pathlib import Path
from ganzoo.zoo import download
from ganzoo import errors, zoo
from ganzoo.zoo import places
places.PACKAGE, download.PAUSE = Path(sys.argv[1]) / "ganzoo", 0.01
try:
    print(zoo.fetch("toy_rings"))
except errors.InputError as error:
    sys.exit(f"one line: {error}")
"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.path)
        mode = server.modes.pop(0) if len(server.modes) > 1 else server.modes[0]
        data = FILES.get(self.path.removeprefix("/toy_rings/1/"))
        if isinstance(mode, int) or data is None:
            return self.send_error(mode if isinstance(mode, int) else 404)
        if mode == "redirect":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            return self.end_headers()
        self.send_response(200)
        if mode != "no length":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if mode == "together":
            server.barrier.wait(20)
        if mode == "garbage":
            data = bytes(len(data))
        if mode in ("truncated", "no length"):
            data = data[: len(data) // 2]
        if mode == "hang":
            server.closing.wait(20)
        if mode == "slow":
            for start in range(0, len(data), 1000):
                self.wfile.write(data[start : start + 1000])
                if server.closing.wait(0.05):
                    return
        else:
            self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *args: None  # clients that hang up are the point
    server.modes, server.asked, server.closing = ["good"], [], threading.Event()
    server.barrier = threading.Barrier(3)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()


def entry(version=1):
    files = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in FILES.items()
    }
    total = sum(map(len, FILES.values()))
    return {"version": version, "description": "Rings.", "bytes": total, "files": files}


def put(folder):
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.fixture
def root(tmp_path, monkeypatch, server):
    """A checkout without the SavedModels, and an empty cache beside it."""
    root = tmp_path / "checkout"
    (root / "saved_models").mkdir(parents=True)
    base = f"http://127.0.0.1:{server.server_port}"
    registry = {"format": 1, "base_url": base, "entries": {"toy_rings": entry()}}
    (root / "saved_models" / "registry.json").write_text(json.dumps(registry))
    monkeypatch.setattr(places, "PACKAGE", root / "ganzoo")
    monkeypatch.setattr(download, "PAUSE", 0.01)
    monkeypatch.setenv("GANZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("GANZOO_MIRROR", raising=False)
    monkeypatch.delenv("GANZOO_OFFLINE", raising=False)
    return root


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "home" / "saved_models" / "toy_rings" / "1"


def sound(folder):
    return download.problem(folder, entry()["files"], strict=True) is None


def fails(*words):
    """Runs `fetch`, and checks that it fails in one line that has these words in it."""
    with pytest.raises(InputError) as caught:
        zoo.fetch("toy_rings")
    line = str(caught.value)
    assert "\n" not in line and all(word in line for word in words), line
    return line


def start(root):
    command = [sys.executable, "-c", FETCH, str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_downloads_once_and_loads(root, cache, server, monkeypatch):
    monkeypatch.setattr(saved_model, "load", lambda path: ("model", path))
    assert zoo.load_pretrained("toy_rings") == ("model", cache)
    assert sound(cache) and len(server.asked) == 3
    assert zoo.load_pretrained("toy_rings", version=1) == ("model", cache)
    assert len(server.asked) == 3
    assert [path.name for path in cache.parent.iterdir()] == ["1"]


def test_prefers_the_checkout_and_names_a_damaged_file(root, server):
    folder = root / "saved_models" / "toy_rings" / "1"
    put(folder)
    assert zoo.fetch("toy_rings") == folder and not server.asked
    (folder / "saved_model.pb").write_bytes(bytes(3000))
    fails("saved_model.pb", "SHA-256", "git checkout -- saved_models/toy_rings")
    assert not server.asked


def test_the_package_of_weights_comes_before_the_cache(root, cache, server, tmp_path, monkeypatch):
    assert "toy_rings" in [name for name, fault in zoo.verify() if fault]  # a checkout lacks it
    site = tmp_path / "site-packages"
    about = site / "keras_ganzoo_weights-0.1.0.dist-info" / "METADATA"
    about.parent.mkdir(parents=True)
    about.write_text("Metadata-Version: 2.1\nName: keras-ganzoo-weights\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(site)
    folder = site / "ganzoo_weights" / "toy_rings" / "1"
    put(folder)
    put(cache)
    assert zoo.fetch("toy_rings") == folder and not server.asked
    assert zoo.info("toy_rings")["source"] == str(folder)
    assert zoo.verify(["toy_rings"]) == [("toy_rings", None)]
    (folder / "saved_model.pb").write_bytes(bytes(3000))
    fails("saved_model.pb", "pip install --force-reinstall --no-deps keras-ganzoo-weights")


def test_without_an_address_it_says_what_to_type(root, cache, monkeypatch, tmp_path):
    path = root / "saved_models" / "registry.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_url": None}))
    fails("toy_rings are not on this machine", "pip install keras-ganzoo-weights", "GANZOO_MIRROR")
    assert "pip install" in zoo.info("toy_rings")["source"]
    put(tmp_path / "mirror" / "toy_rings" / "1")
    monkeypatch.setenv("GANZOO_MIRROR", (tmp_path / "mirror").as_uri())
    assert zoo.fetch("toy_rings") == cache


@pytest.mark.parametrize(
    ("mode", "words", "requests"),
    [
        (404, ["HTTP 404", "GANZOO_MIRROR"], 1),
        (503, ["HTTP 503", "3 tries"], 3),
        ("truncated", ["3 tries"], 3),
        ("no length", ["expected 3000 bytes, got 1500"], 3),
        ("garbage", ["expected SHA-256", "got"], 1),
        ("hang", ["timed out"], 3),
        ("redirect", ["HTTP 302"], 1),
    ],
)
def test_a_bad_server_leaves_nothing(root, cache, server, monkeypatch, mode, words, requests):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.modes = [mode]
    fails("saved_model.pb", *words)
    assert len(server.asked) == requests
    assert not list(cache.parent.iterdir())


def test_more_than_declared_is_cut_off(root, cache, monkeypatch):
    monkeypatch.setitem(FILES, "saved_model.pb", bytes(50_000_000))
    monkeypatch.setattr(download.os, "fsync", lambda handle: pytest.fail("all of it was read"))
    fails("expected 3000 bytes, got more")
    assert not list(cache.parent.iterdir())


def test_a_passing_fault_is_tried_again(root, cache, server):
    server.modes = [503, "truncated", "good", "good", "truncated", "good"]
    assert sound(zoo.fetch("toy_rings"))


def test_no_network(root, monkeypatch):
    monkeypatch.setenv("GANZOO_MIRROR", "http://127.0.0.1:1/")
    fails("3 tries", "Connection refused", "GANZOO_MIRROR")
    monkeypatch.setenv("GANZOO_MIRROR", "ftp://example.org")
    fails("GANZOO_MIRROR", "expected an address", "ftp:")
    monkeypatch.setenv("GANZOO_MIRROR", "http://[")
    fails("3 tries")


def test_offline_allows_the_cache_and_a_mirror_on_disk(root, cache, server, tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_OFFLINE", "1")
    fails("GANZOO_OFFLINE", str(cache))
    mirror = tmp_path / "mirror with space"
    monkeypatch.setenv("GANZOO_MIRROR", mirror.as_uri())
    fails("No such file", "GANZOO_MIRROR")
    put(mirror / "toy_rings" / "1")
    assert sound(zoo.fetch("toy_rings"))
    monkeypatch.delenv("GANZOO_MIRROR")
    assert zoo.fetch("toy_rings") == cache and not server.asked


def test_a_damaged_cached_copy_is_replaced_or_not_used(root, cache, server):
    put(cache)
    (cache / "saved_model.pb").write_bytes(b"short")
    server.modes = [404]
    fails("damaged", "expected 3000 bytes, got 5", "HTTP 404")
    server.modes = ["good"]
    assert zoo.fetch("toy_rings") == cache and sound(cache)
    cache.with_name("other").mkdir()
    cache.rename(cache.with_name("other") / "1")
    cache.write_text("a file where the folder should be")
    assert sound(zoo.fetch("toy_rings"))


@pytest.mark.parametrize("damaged", [False, True])
def test_processes_at_once_all_succeed(root, cache, server, damaged):
    server.modes = [*["together"] * 3, "good"]
    if damaged:
        put(cache)
        (cache / "saved_model.pb").unlink()
    for process in [start(root) for _ in range(3)]:
        out, err = process.communicate(timeout=30)
        assert (out.strip(), err, process.returncode) == (str(cache), "", 0)
    assert sound(cache)
    assert [path.name for path in cache.parent.iterdir()] == ["1"]


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_download_is_cleaned_up(root, cache, server, kill):
    server.modes = ["slow"]
    process = start(root)
    deadline = time.monotonic() + 20
    while not list(cache.parent.glob(".incoming-*/variables/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(kill)
    process.communicate(timeout=10)
    left = list(cache.parent.iterdir())
    assert len(left) == (kill == signal.SIGKILL) and not cache.exists()
    server.modes = ["good"]
    assert sound(zoo.fetch("toy_rings"))
    assert [path for path in left if path.exists()] == left  # may be a live download's
    for path in left:
        for old in (path, *path.rglob("*")):
            os.utime(old, (0, 0))
    (cache / "saved_model.pb").unlink()
    assert sound(zoo.fetch("toy_rings"))
    assert not any(path.exists() for path in left)


def test_disk_full(root, cache, monkeypatch):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    command = [sys.executable, "-c", limit + FETCH, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stderr.startswith("one line: cannot write to")
    assert done.stderr.count("\n") == 1 and not list(cache.parent.iterdir())

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download.os, "fsync", full)
    fails("No space left", "GANZOO_HOME")
    assert not list(cache.parent.iterdir())


def test_a_cache_that_cannot_be_written(root, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANZOO_HOME", str(tmp_path / "file"))
    fails("cannot write to", "Not a directory", "GANZOO_HOME")

    def read_only(*args, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setenv("GANZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(download.Path, "mkdir", read_only)
    fails("cannot write to", "Read-only file system")


def test_a_wheel_finds_its_own_registry(root, cache):
    (root / "ganzoo").mkdir()
    (root / "ganzoo" / "_models").mkdir()
    (root / "saved_models" / "registry.json").rename(root / "ganzoo/_models/registry.json")
    assert zoo.verify() == []
    assert zoo.fetch("toy_rings") == cache
    assert zoo.verify() == [("toy_rings", None)]


def test_names_versions_and_facts(root, cache):
    assert zoo.list_pretrained() == ["toy_rings"]
    with pytest.raises(InputError, match="Did you mean 'toy_rings'"):
        zoo.load_pretrained("toy_ring")
    with pytest.raises(InputError, match="expected version 1, got 2"):
        zoo.fetch("toy_rings", version=2)
    with pytest.raises(InputError, match=r"expected the recipe .*recipe.toml"):
        zoo.recipe_path("toy_rings")
    facts = zoo.info("toy_rings")
    assert facts["source"].endswith("/toy_rings/1") and facts["source"].startswith("http://")
    assert (facts["bytes"], facts["card"], facts["metrics"]) == (153_100, "", {})
    models = root / "models" / "toy_rings"
    models.mkdir(parents=True)
    (models / "README.md").write_text("# Rings")
    (models / "metrics.json").write_text('{"metrics": {"fid": 3.5}}')
    (models / "recipe.toml").write_text("")
    zoo.fetch("toy_rings")
    facts = zoo.info("toy_rings")
    assert facts["card"] == "# Rings" and facts["metrics"]["metrics"] == {"fid": 3.5}
    assert facts["source"] == str(cache)
    assert zoo.recipe_path("toy_rings") == models / "recipe.toml"


def test_verify_finds_what_is_missing_extra_and_changed(root):
    folder = root / "saved_models" / "toy_rings" / "1"
    assert "saved_model.pb" in dict(zoo.verify())["toy_rings"]
    put(folder)
    assert zoo.verify() == zoo.verify(["toy_rings"]) == [("toy_rings", None)]
    (folder / "assets").mkdir()
    (folder / "assets" / "x").write_text("")
    assert "unexpected file" in dict(zoo.verify())["toy_rings"]
    (root / "saved_models" / "stray").mkdir()
    assert "registry" in dict(zoo.verify())["stray"]
    with pytest.raises(InputError):
        zoo.verify(["toy_ring"])


def test_needs_no_tensorflow():
    code = "import sys, ganzoo; ganzoo.list_pretrained(); print('keras' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
