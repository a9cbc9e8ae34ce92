"""`/metrics` and the log of a real server."""

import json
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.metrics import may_read
from benchmarks.served import served
from resnet_tf.runs.settings import settings

VARIABLES = {
    "RESNET_TF_HOSTED": "1", "RESNET_TF_WORKER": "none", "RESNET_TF_METRICS_TOKEN": "secret", "RESNET_TF_LOG": "json",
}  # fmt: skip


def test_a_host_gives_its_figures_to_who_has_the_token_and_logs_in_json(home):
    with served(home, variables=VARIABLES) as server:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.url}/metrics", timeout=60)
        asked = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": "Bearer secret"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert [sample.value for sample in families["resnet_tf_queue_length"].samples] == [0.0]
    begun = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    assert {"time", "level", "message", "event", "run", "owner"} <= set(json.loads(begun[-1]))


@pytest.mark.parametrize(
    ("hosted", "token", "said", "may"),
    [
        (False, "", "", True),
        (True, "", "", False),
        (True, "", "Bearer ", False),
        (True, "secret", "Bearer secret", True),
        (True, "secret", "Bearer wrong", False),
        (True, "secret", "secret", False),
        (False, "secret", "", False),
        (False, "sécret", "Bearer sécret", True),
    ],
)
def test_who_may_read_the_figures(hosted, token, said, may):
    assert may_read(settings(hosted=hosted, metrics_token=token), said) is may
