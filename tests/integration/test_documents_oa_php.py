"""An independent SOAP stack on both sides: PHP serves our connector, and PHP calls the simulated OA."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from tests.integration.oa_office import LEADER, NOTICE

from xinglin_documents.models import EntryState
from xinglin_documents.service.connectors.errors import AlreadyHandled
from xinglin_documents.service.port import SourceAct, Wish

PHP = shutil.which("php")
HERE = Path(__file__).resolve().parent / "php"
assert PHP, "php-cli and php-soap are missing. Cure: tests/install-system-packages"
TITLE = "急诊扩建请示 𠮷 & <1"


@pytest.fixture
def php_office(tmp_path):
    """The address of an e-cology that PHP plays, and what it kept."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    kept = tmp_path / "php-state.json"
    with as_file(files("xinglin_schemas") / "wsdl" / "weaver-workflow.wsdl") as wsdl:
        environment = {**os.environ, "OA_WSDL": str(wsdl), "OA_STATE": str(kept)}
        command = [PHP, "-S", f"127.0.0.1:{port}", str(HERE / "oa_server.php")]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}", kept
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port):
    ends = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < ends, "php does not serve"
        else:
            return


def test_our_connector_works_with_a_php_server(side, php_office):
    address, kept = php_office
    service = side.of(LEADER, oa_endpoint=address)
    assert service.refresh()
    assert side.titles(LEADER) == [TITLE]
    shown = service.show(side.item(TITLE))
    assert [(field.label, field.display) for field in shown.fields] == [("金额", "12 元")]
    service.act(side.item(TITLE), Wish(SourceAct.APPROVE, "31", "同意 𠮷\n请<抓紧>"))
    assert json.loads(kept.read_text("utf-8"))["acts"] == ["同意 𠮷<br>请&lt;抓紧&gt;"]
    assert side.titles(LEADER, state=EntryState.DONE) == [TITLE]
    assert service.show(side.item(TITLE)).history[-1].opinion == "同意 𠮷\n请<抓紧>"
    with pytest.raises(AlreadyHandled):
        service.act(side.item(TITLE), Wish(SourceAct.APPROVE, "31"))


def test_a_php_client_works_with_the_simulated_oa(office):
    command = [PHP, str(HERE / "oa_client.php"), f"{office.url}/services/WorkflowService?wsdl", "10001"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert told["titles"][0] == NOTICE
    assert told["field"] == ["来文单位", "市卫生健康委"]
    assert told["answer"] == "success"
    assert told["count"] == len(told["titles"]) - 1
    assert told["fault"] == "SoapFault"
    assert office.document(NOTICE)["logs"][-1]["remark"].count("𠮷") == 1
