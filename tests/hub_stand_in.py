"""The Hub's HTTP interface in this process, for tests with the real clients: `with serve_hub() as hub`.

Repositories of datasets and models live in memory. The client reads where the Hub is when it is imported, so it runs
in a process of its own with `hub.environment(folder)`. Faults are served on request, and every request is noted.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from hub_state import TOKEN, Fault, File, Hub, Repository

__all__ = ["TOKEN", "Fault", "Hub", "serve_hub"]

SMALL_BYTES = 4096
"""Larger files, and Parquet files of any size, travel as large ones (LFS)."""


class RefusalError(Exception):
    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message or code)
        self.status, self.headers = status, {"X-Error-Code": code, "X-Error-Message": message or code}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def reply(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self) -> None:
        parts = urlsplit(self.path)
        path, self.query = unquote(parts.path), parse_qs(parts.query)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.hub.lock:
            self.hub.requests.append((self.command, path))
            struck = [fault for fault in self.hub.faults if fault.strikes(self.command, path)]
        if struck and struck[0].status is None:
            self.close_connection = True
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            try:
                if struck:
                    raise RefusalError(struck[0].status or 0, message="out of order")
                with self.hub.lock:
                    self.answer(path)
            except RefusalError as refusal:
                self.reply({"error": str(refusal)}, refusal.status, refusal.headers)

    do_GET = do_HEAD = do_POST = do_PUT = serve  # noqa: N815

    def answer(self, path: str) -> None:
        routes = {
            r"POST /api/repos/create": self.create,
            r"POST /api/validate-yaml": self.validate_yaml,
            r"GET /api/whoami-v2": self.who_am_i,
            r"PUT /large/(\w+)": self.store_large,
            r"POST /(datasets/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch": self.large_batch,
            r"(?:GET|HEAD) /(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)": self.resolve,
            r"GET /api/(datasets|models)/([^/]+/[^/]+)/refs": self.refs,
            r"POST /api/(datasets|models)/([^/]+/[^/]+)/preupload/[^/]+": self.preupload,
            r"POST /api/(datasets|models)/([^/]+/[^/]+)/commit/[^/]+": self.commit,
            r"GET /api/(datasets|models)/([^/]+/[^/]+)/tree/([^/]+)(?:/(.+))?": self.tree,
            r"POST /api/(datasets|models)/([^/]+/[^/]+)/paths-info/([^/]+)": self.paths_info,
            r"GET /api/(datasets|models)/([^/]+/[^/]+)(?:/revision/([^/]+))?": self.info,
        }
        for route, act in routes.items():
            if match := re.fullmatch(route, f"{self.command} {path}"):
                return act(*match.groups())
        raise RefusalError(404, message=f"no {self.command} {path}")

    def authorize(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise RefusalError(401, message="Invalid credentials")

    def repository(self, kind: str | None, name: str) -> Repository:
        found = self.hub.repositories.get(f"{(kind or 'models').rstrip('/')}/{name}")
        if found is None or (found.private and self.headers.get("Authorization") != f"Bearer {TOKEN}"):
            raise RefusalError(404, "RepoNotFound", "Repository not found")
        return found

    def files(self, repository: Repository, revision: str | None) -> tuple[str, dict[str, File]]:
        commit = repository.head if revision in (None, "main", "refs/heads/main") else str(revision)
        if commit not in repository.commits:
            raise RefusalError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit, repository.commits[commit]

    def create(self) -> None:
        self.authorize()
        wanted = json.loads(self.body)
        name = f"{wanted.get('organization') or 'tester'}/{wanted['name']}"
        key = f"{wanted.get('type') or 'model'}s/{name}"
        created = {"url": f"{self.hub.url}/{key.removeprefix('models/')}", "name": name, "id": name}
        if key in self.hub.repositories:
            return self.reply({"error": "You already created this repo", **created}, 409)
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        self.hub.repositories[key] = Repository(private)
        return self.reply(created)

    def validate_yaml(self) -> None:
        match = re.match(r"---\r?\n(.*?)\r?\n---", json.loads(self.body)["content"], flags=re.DOTALL)
        try:
            valid = match is None or isinstance(yaml.safe_load(match[1]), dict | None)
        except yaml.YAMLError:
            valid = False
        errors = [] if valid else [{"message": "the front matter is no mapping"}]
        self.reply({"errors": errors, "warnings": []}, 200 if valid else 400)

    def who_am_i(self) -> None:
        self.authorize()
        self.reply({"type": "user", "name": "tester", "orgs": [{"name": "org"}], "auth": {"type": "access_token"}})

    def store_large(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise RefusalError(400, message="content does not have the announced hash")
        self.hub.large_files[oid] = self.body
        self.reply(b"", headers={"ETag": f'"{oid}"'})

    def large_batch(self, kind: str | None, name: str) -> None:
        self.authorize()
        self.repository(kind, name)
        objects = json.loads(self.body)["objects"]
        for wanted in objects:
            if wanted["oid"] not in self.hub.large_files:
                wanted["actions"] = {"upload": {"href": f"{self.hub.url}/large/{wanted['oid']}"}}
        self.reply({"transfer": "basic", "objects": objects})

    def preupload(self, kind: str, name: str) -> None:
        self.authorize()
        present = self.repository(kind, name).files
        files = []
        for wanted in json.loads(self.body)["files"]:
            path = wanted["path"]
            mode = "lfs" if wanted["size"] > SMALL_BYTES or path.endswith(".parquet") else "regular"
            oid = present[path].oid if path in present else None
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self.reply({"files": files})

    def commit(self, kind: str, name: str) -> None:
        self.authorize()
        repository = self.repository(kind, name)
        files, message = dict(repository.files), ""
        for line in self.body.splitlines():
            operation = json.loads(line)
            value, path = operation["value"], operation["value"].get("path", "")
            if operation["key"] == "header":
                message = value["summary"]
            elif operation["key"] == "file":
                files[path] = File(base64.b64decode(value["content"]), is_large=False)
            elif operation["key"] == "lfsFile":
                files[path] = File(self.hub.large_files[value["oid"]], is_large=True)
            elif operation["key"] == "deletedFile":
                del files[path]
            else:
                files = {other: file for other, file in files.items() if not other.startswith(path.rstrip("/") + "/")}
        oid = repository.commit(files, message)
        prefix = "datasets/" if kind == "datasets" else ""
        self.reply({"commitUrl": f"{self.hub.url}/{prefix}{name}/commit/{oid}", "commitOid": oid, "hookOutput": ""})

    def info(self, kind: str, name: str, revision: str | None) -> None:
        repository = self.repository(kind, name)
        commit, files = self.files(repository, revision)
        siblings = [{"rfilename": path} for path in files]
        self.reply({"id": name, "sha": commit, "private": repository.private, "siblings": siblings, "tags": []})

    def refs(self, kind: str, name: str) -> None:
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": self.repository(kind, name).head}
        self.reply({"branches": [main], "tags": [], "converts": [], "pullRequests": []})

    def tree(self, kind: str, name: str, revision: str, folder: str | None) -> None:
        _, files = self.files(self.repository(kind, name), revision)
        start = f"{folder}/" if folder else ""
        inside = {path: file for path, file in files.items() if path.startswith(start)}
        if folder and not inside:
            raise RefusalError(404, "EntryNotFound", f"{folder} does not exist")
        is_recursive = self.query.get("recursive", [""])[0].lower() in ("true", "1")
        self.reply([entry for entry in _entries(inside) if is_recursive or "/" not in entry["path"][len(start) :]])

    def paths_info(self, kind: str, name: str, revision: str) -> None:
        _, files = self.files(self.repository(kind, name), revision)
        is_json = "json" in self.headers.get("Content-Type", "")
        wanted = (json.loads(self.body) if is_json else parse_qs(self.body.decode()))["paths"]
        self.reply([entry for entry in _entries(files) if entry["path"] in wanted])

    def resolve(self, kind: str | None, name: str, revision: str, path: str) -> None:
        commit, files = self.files(self.repository(kind, name), revision)
        if path not in files:
            raise RefusalError(404, "EntryNotFound", f"{path} does not exist")
        content = files[path].content
        headers = {"X-Repo-Commit": commit, "ETag": f'"{files[path].oid}"', "Accept-Ranges": "bytes"}
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if span is None:
            return self.reply(content, headers=headers)
        first, last = int(span[1]), min(int(span[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return self.reply(content[first : last + 1], 206, headers)


def _entries(files: dict[str, File]) -> list[dict[str, Any]]:
    """Files and the folders that hold them, as listings name them."""
    folders = {str(folder) for path in files for folder in Path(path).parents} - {"."}
    oid = hashlib.sha1(b"").hexdigest()
    return [{"type": "directory", "path": folder, "oid": oid, "size": 0} for folder in sorted(folders)] + [
        file.described(path) for path, file in files.items()
    ]


@contextmanager
def serve_hub() -> Iterator[Hub]:
    """Run the Hub on a port of its own."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("HubHandler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
