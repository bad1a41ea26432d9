"""Models, settings and metrics over HTTP."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from smartsearch.api.app import create_app
from smartsearch.library import Library
from tests.api.conftest import BASE_URL, COUNT
from tests.api.test_search import ask, complaint

V1 = "/api/v1"


class TestModels:
    def test_what_is_known_and_what_is_here(self, client: TestClient) -> None:
        found = client.get(f"{V1}/models").json()
        models = {model["name"]: model for model in found["models"]}
        assert (found["active"], found["next"]) == ("pocket", None)
        assert (models["pocket"]["active"], models["pocket"]["next"]) == (True, False)
        assert models["pocket"]["size_bytes"] > 1_000_000
        assert models["pocket"]["installed"]
        others = [model for name, model in models.items() if name != "pocket"]
        assert others
        assert {(model["active"], model["size_bytes"]) for model in others} == {(False, None)}

    def test_changing_to_the_same_is_done_at_once(self, own: TestClient) -> None:
        answer = own.post(f"{V1}/models/active", json={"name": "pocket"})
        assert answer.json() == {"active": "pocket", "next": None, "at_once": True}

    @pytest.mark.parametrize(
        ("name", "status"),
        [("nothing", 404), ("../../etc", 404), ("clip-vit-b-32", 409), ("pocket:fp8", 409), ("", 422)],
    )
    def test_models_that_cannot_be_used(self, own: TestClient, name: str, status: int) -> None:
        complaint(own.post(f"{V1}/models/active", json={"name": name}), status)
        assert own.get(f"{V1}/models").json()["active"] == "pocket"


class TestSettings:
    def test_they_are_changed_in_the_file_and_at_once(self, own: TestClient, library: Library) -> None:
        before = own.get(f"{V1}/settings").json()
        change = {"discovery": {"include_hidden": True, "exclude": ["*.gif"]}, "tags": {"max_per_photo": 3}}
        after = own.patch(f"{V1}/settings", json=change).json()
        assert after["discovery"] == before["discovery"] | change["discovery"]
        assert (after["tags"]["max_per_photo"], after["media"]) == (3, before["media"])
        assert library.settings.tags.max_per_photo == 3
        assert library.settings.server.max_upload_bytes == 1 << 20, "everything else stays"
        written = (library.places.library / "config.toml").read_text()
        assert "include_hidden = true" in written
        assert "max_per_photo = 3" in written
        back = own.patch(f"{V1}/settings", json={"discovery": {"include_hidden": None, "exclude": None}}).json()
        assert back["discovery"] == before["discovery"]
        assert "include_hidden" not in (library.places.library / "config.toml").read_text()

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"server": {"browse": ["/"]}}, 422),
            ({"tags": {"vocabulary": "/etc/passwd"}}, 422),
            ({"tags": {"max_per_photo": 0}}, 400),
            ({"discovery": {"min_bytes": -1}}, 422),
            ({"discovery": {"exclude": ["[z-a]"]}}, 400),
            ({"search": {"hemisphere": "west"}}, 422),
        ],
    )
    def test_changes_that_are_refused(self, own: TestClient, library: Library, change: Any, status: int) -> None:
        before = own.get(f"{V1}/settings").json()
        complaint(own.patch(f"{V1}/settings", json=change), status)
        assert own.get(f"{V1}/settings").json() == before
        assert not (library.places.library / "config.toml").exists()

    def test_they_are_read_anew_and_what_waits_for_a_restart_is_named(self, own: TestClient, library: Library) -> None:
        path = library.places.library / "config.toml"
        path.write_text("[server]\nport = 9000\n[tags]\nmax_per_photo = 4\n")
        told = own.post(f"{V1}/settings/reload").json()
        assert "tags.max_per_photo" in told["in_force"]
        assert "server.port" in told["at_next_start"]
        assert library.settings.server.port == 8000
        assert library.settings.tags.max_per_photo == 4
        path.write_text("[tags]\nmax_per_photo = 0\n")
        complaint(own.post(f"{V1}/settings/reload"), 400)
        assert library.settings.tags.max_per_photo == 4

    def test_a_support_bundle_is_a_zip_of_documents(self, client: TestClient) -> None:
        answer = client.post(f"{V1}/support-bundle")
        assert answer.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
            assert json.loads(bundle.read("library.json"))["images"] == 24
            assert "trip" not in "".join(bundle.read(name).decode() for name in bundle.namelist())


class TestMetrics:
    def test_requests_are_counted_by_route(self, open_copy: Callable[[], Library]) -> None:
        asking = TestClient(create_app(open_copy()), base_url=BASE_URL)
        for number in (1, 2, 999999):
            asking.get(f"{V1}/images/{number}")
        asking.get(f"{V1}/nowhere")
        ask(asking, query="a dog", min_score=0)
        ask(asking, query="a dog", min_score=0)
        answer = asking.get(f"{V1}/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = set(answer.text.splitlines())
        route = "/images/{image_id}"
        assert f'smartsearch_http_requests_total{{method="GET",route="{route}",status="200"}} 2' in lines
        assert f'smartsearch_http_requests_total{{method="GET",route="{route}",status="404"}} 1' in lines
        assert 'smartsearch_http_requests_total{method="GET",route="other",status="404"} 1' in lines
        assert f'smartsearch_http_request_seconds_bucket{{route="{route}",le="+Inf"}} 3' in lines
        assert f"smartsearch_images {COUNT}" in lines
        assert 'smartsearch_cache_requests_total{cache="answers",result="hits"} 1' in lines
        assert 'smartsearch_recent_jobs{kind="index",state="done"} 1' in lines

    def test_the_text_is_as_the_format_wants(self, client: TestClient) -> None:
        client.get(f"{V1}/metrics")
        text = client.get(f"{V1}/metrics").text
        sample = re.compile(r'[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? [0-9.e+-]+')
        assert text.endswith("\n")
        for line in text.splitlines():
            assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line
        buckets = [int(line.rpartition(" ")[2]) for line in text.splitlines() if '_bucket{route="/metrics"' in line]
        assert len(buckets) == 13
        assert buckets == sorted(buckets)
