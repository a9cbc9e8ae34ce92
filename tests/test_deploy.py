"""compose.yaml and deploy/: valid by their own schemas, and what they name is there. No image is built here."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from resnet_tf.runs.settings import Settings, variable

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build", {}).get("context") == "."}
ONCE = {  # they do one thing and end
    needed
    for service in SERVICES.values()
    for needed, how in service.get("depends_on", {}).items()
    if how["condition"] == "service_completed_successfully"
}
FILES = sorted(path for path in DEPLOY.rglob("*.yaml") if path.name != "kustomization.yaml")
MANIFESTS = [path for path in FILES if path.parent == DEPLOY]
BASE = [document for path in MANIFESTS for document in yaml.safe_load_all(path.read_text())]
WITHOUT_SCHEMA = ("ServiceMonitor",)
# variables of other programs: of the S3 client, of MLflow's, of Streamlit, Keras and the hub
FOREIGN = re.compile(r"HOME|KERAS_HOME|HF_HOME|AWS_[A-Z_]+|MLFLOW_[A-Z_]+|STREAMLIT_[A-Z_]+")
KNOWN = {variable(field) for field in Settings.model_fields} | {"ARTIFACT_URL"}  # which is on its way


def of_kind(*kinds):
    return [document for document in BASE if document["kind"] in kinds]


def pods():
    return {each["metadata"]["name"]: each["spec"]["template"] for each in of_kind("Deployment")}


def named(kind, name):
    return next(each for each in of_kind(kind) if each["metadata"]["name"] == name)


# --- compose.yaml


def test_compose_is_valid_by_the_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, ROOT / "compose.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_compose_names_is_declared():
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
        volumes = [volume.split(":")[0] for volume in service.get("volumes", ()) if ":" in volume]
        assert set(volumes) <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_a_service_is_bounded_checked_and_nobody_with_rights(name):
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert {"memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("user") not in ("root", "0")
    assert service.get("user") or "USER 1000" in service["build"]["dockerfile_inline"]
    assert service["healthcheck"].get("test") or name == "mirror"
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_machine_of_one_core_starts_it(name):
    """An engine refuses a container that may take more cores than there are; who trains takes what others leave."""
    service = SERVICES[name]
    cores = service["deploy"]["resources"]["limits"].get("cpus")
    assert float(cores) <= 1 if cores else service["cpu_shares"] < 1024  # which everybody has who says nothing


def test_our_image_is_built_and_is_not_the_readmes():
    """That one has not what compose's needs, and would be taken for it."""
    (ours,) = {service["image"] for service in OURS.values()}
    (readmes,) = set(re.findall(r"docker build .*-t (\S+)", (ROOT / "README.md").read_text()))
    assert ours != readmes
    assert {service["pull_policy"] for service in OURS.values()} == {"never"}  # no registry is asked for it


def test_only_a_worker_has_a_folder_that_nobody_finds_again():
    """Each image declares its folder a volume: one without a name stays behind whenever a container is removed."""
    folders = {"postgres": "/var/lib/postgresql/data"}
    for name, service in SERVICES.items():
        places = service.get("tmpfs", []) + [each.partition(":")[2] for each in service.get("volumes", ())]
        found = {place.partition(":")[0] for place in places}
        assert (folders.get(name, "/data") in found) != (name == "worker"), name


def test_every_secret_of_compose_is_the_environments():
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN", key) or "PASSWORD" in str(value):
                assert re.search(r"\$\{\w+:[?-]", value), (name, key)


def test_what_waits_for_health_waits_for_who_says_how_he_is():
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            checked = SERVICES[needed]["healthcheck"].get("test")
            assert checked if how["condition"] == "service_healthy" else needed in ONCE


def test_only_this_machine_reaches_what_asks_nobody_who_he_is():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"app": ["${PUBLISH:-127.0.0.1}:8501:8501"], "mlflow": ["127.0.0.1:5000:5000"]}
    assert COMPOSE["networks"]["back"] == {"internal": True}


def test_what_git_ignores_is_in_no_image():
    """Secrets, a home with its records, an old build that pip would take for the new one."""
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert ".env" in ignored
    left_out = {line.removeprefix("**/") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    assert {line.rstrip("/") for line in ignored} <= left_out


# --- variables and programs, of both


def variables():
    for name, service in OURS.items():
        yield from ((name, key) for key in service["environment"])
    for document in of_kind("ConfigMap", "Secret"):
        yield from ((document["kind"], key) for key in document.get("data", document.get("stringData")))


@pytest.mark.parametrize(("where", "name"), sorted(set(variables())))
def test_every_variable_is_one_that_somebody_reads(where, name):
    assert name in KNOWN or FOREIGN.fullmatch(name)


def commands():
    for name, service in OURS.items():
        yield from ((name, each) for each in (service.get("command", []), service["healthcheck"].get("test", [])))
    for name, pod in pods().items():
        container = pod["spec"]["containers"][0]
        yield name, container.get("command", [])
        yield name, container.get("livenessProbe", {}).get("exec", {}).get("command", [])


def test_every_program_that_is_started_is_there():
    modules = [words[words.index("-m") + 1] for _, words in commands() if "-m" in words]
    assert {"resnet_tf.runs.worker", "resnet_tf.runs.mirror", "resnet_tf.runs.alive"} == set(modules)
    assert all(find_spec(module) for module in modules)


def test_the_pages_start_no_worker_where_workers_have_containers_of_their_own():
    for settings in (SERVICES["app"]["environment"], named("ConfigMap", "resnet-tf")["data"]):
        assert (settings["RESNET_TF_WORKER"], settings["RESNET_TF_PATIENCE"]) == ("none", "0")
        assert settings["ARTIFACT_URL"].startswith("s3://")


def megabytes(text):
    number, unit = re.fullmatch(r"(\d+)(M|Mi|G|Gi)", text).groups()
    return int(number) * {"M": 1, "Mi": 1.048576, "G": 1000, "Gi": 1073.741824}[unit]


@pytest.mark.parametrize(
    ("most", "limit"),
    [
        (
            SERVICES["worker"]["environment"]["RESNET_TF_WORKER_MB"],
            SERVICES["worker"]["deploy"]["resources"]["limits"]["memory"],
        ),
        (
            named("ConfigMap", "resnet-tf")["data"]["RESNET_TF_WORKER_MB"],
            pods()["worker"]["spec"]["containers"][0]["resources"]["limits"]["memory"],
        ),
    ],
)
def test_a_run_ends_with_a_sentence_before_its_container_ends_without_one(most, limit):
    assert int(most) < 0.9 * megabytes(limit)


# --- deploy/


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_is_valid_by_kubernetes_own_schema(path):
    for document in yaml.safe_load_all(path.read_text()):
        if document["kind"] not in WITHOUT_SCHEMA:
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_the_schema_notices_a_field_that_there_is_not():
    wrong = {**named("Service", "app"), "spec": {"selektor": {}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_kustomize_takes_every_file_but_the_example_of_secrets():
    taken = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["resources"]
    assert {*taken, "secret.example.yaml"} == {path.name for path in MANIFESTS}
    gpu = yaml.safe_load((DEPLOY / "gpu" / "kustomization.yaml").read_text())
    for patch in gpu["patches"]:
        patched = yaml.safe_load((DEPLOY / "gpu" / patch["path"]).read_text())
        assert named(patched["kind"], patched["metadata"]["name"])["apiVersion"] == patched["apiVersion"]


def test_selectors_find_the_pods_that_they_mean():
    labels = {name: pod["metadata"]["labels"].items() for name, pod in pods().items()}
    for each in of_kind("Deployment", "PodDisruptionBudget"):
        assert each["spec"]["selector"]["matchLabels"].items() <= labels[each["metadata"]["name"]]
    assert named("Service", "app")["spec"]["selector"].items() <= labels["app"]
    for each in of_kind("HorizontalPodAutoscaler"):
        assert each["spec"]["scaleTargetRef"]["name"] == each["metadata"]["name"]
        assert each["metadata"]["name"] in labels
    for each in of_kind("NetworkPolicy"):
        meant = each["spec"]["podSelector"].get("matchLabels", {}).items()
        assert any(meant <= pod for pod in labels.values())


@pytest.mark.parametrize("name", sorted(pods()))
def test_a_pod_mounts_what_it_has_and_has_no_rights(name):
    spec = pods()[name]["spec"]
    (container,) = spec["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["resources"]["limits"]["memory"]
    sources = {kind: [source[kind]["name"] for source in container["envFrom"] if kind in source]
               for kind in ("configMapRef", "secretRef")}  # fmt: skip
    assert named("ConfigMap", sources["configMapRef"][0])
    assert named("Secret", sources["secretRef"][0])


def test_ports_and_the_token_of_prometheus_are_what_they_are_called():
    (port,) = pods()["app"]["spec"]["containers"][0]["ports"]
    service, monitor = named("Service", "app"), named("ServiceMonitor", "app")
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    backend = named("Ingress", "app")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == ("app", service["spec"]["ports"][0]["name"])
    assert named("NetworkPolicy", "pages")["spec"]["ingress"][0]["ports"] == [{"port": port["containerPort"]}]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    assert endpoint["authorization"]["credentials"]["key"] in named("Secret", "resnet-tf")["stringData"]


def test_a_session_stays_on_its_pod():
    """Streamlit keeps a session in the process that began it; both proxies are told so, each in its own words."""
    traefik, nginx = (named(kind, "app")["metadata"]["annotations"] for kind in ("Service", "Ingress"))
    assert traefik["traefik.ingress.kubernetes.io/service.sticky.cookie"] == "true"
    assert nginx["nginx.ingress.kubernetes.io/affinity"] == "cookie"


def test_the_example_of_secrets_holds_none():
    for value in named("Secret", "resnet-tf")["stringData"].values():
        assert re.fullmatch(r"[A-Z]+|postgresql://resnet_tf:PASSWORD@postgres\.example\.org/\S+", value)
