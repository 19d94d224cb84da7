"""The parsed spec.yml a hook sees."""


class Resources:
    """`limits` and `reservations` of an entry of `resources`; None where there are none."""

    def __init__(self, entry):
        self.limits = entry.get("limits")
        self.reservations = entry.get("reservations")


class Spec:
    """`obj` is the parsed file; every documented key has a getter that gives its default when it is absent."""

    def __init__(self, obj, file_path):
        self.obj = obj
        self.file_path = file_path

    def __getitem__(self, key):
        return self.obj[key]

    def __contains__(self, key):
        return key in self.obj

    def get(self, key, default=None):
        return self.obj.get(key, default)

    def _section(self, *path):
        value = self.obj
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _sized(self, section, name):
        """The entry of one name, where it is a map with limits or reservations."""
        entry = self._section("resources", section, name)
        sized = isinstance(entry, dict) and ("limits" in entry or "reservations" in entry)
        return Resources(entry) if sized else None

    def get_deployment_type(self):
        return self.obj.get("deploy-to") or "compose"

    def is_docker_deployment(self):
        return self.get_deployment_type() == "compose"

    def is_kind_deployment(self):
        return self.get_deployment_type() == "k8s-kind"

    def is_kubernetes_deployment(self):
        return self.get_deployment_type() in ("k8s", "k8s-kind")

    def get_config(self):
        return self._section("config") or {}

    def get_volumes(self):
        return self._section("volumes") or {}

    def get_configmaps(self):
        return self._section("configmaps") or {}

    def get_secrets(self):
        return self._section("secrets") or {}

    def get_credentials_files(self):
        return self._section("credentials-files") or []

    def get_network(self):
        return self._section("network") or {}

    def get_ports(self):
        return self._section("network", "ports") or {}

    def get_http_proxy(self):
        return self._section("network", "http-proxy") or []

    def get_acme_email(self):
        return self._section("network", "acme-email") or ""

    def get_annotations(self):
        return self._section("annotations") or {}

    def get_labels(self):
        return self._section("labels") or {}

    def get_replicas(self):
        replicas = self._section("replicas")
        return 1 if replicas is None else replicas

    def get_node_affinities(self):
        return self._section("node-affinities") or []

    def get_node_tolerations(self):
        return self._section("node-tolerations") or []

    def get_kube_config(self):
        return self._section("kube-config")

    def get_image_registry(self):
        return self._section("image-registry")

    def get_image_overrides(self):
        return self._section("image-overrides") or {}

    def get_image_pull_policy(self):
        return self._section("image-pull-policy")

    def get_namespace(self):
        return self._section("namespace")

    def get_kind_cluster_name(self):
        return self._section("kind-cluster-name")

    def get_kind_mount_root(self):
        return self._section("kind-mount-root")

    def get_external_services(self):
        return self._section("external-services") or {}

    def get_ca_certificates(self):
        return self._section("ca-certificates") or []

    def get_privileged(self):
        return str(self._section("security", "privileged")).lower() == "true"

    def get_capabilities(self):
        return self._section("security", "capabilities") or []

    def get_unlimited_memlock(self):
        return str(self._section("security", "unlimited-memlock")).lower() == "true"

    def get_runtime_class(self):
        return self._section("security", "runtime-class")

    def get_maintenance_service(self):
        return self._section("maintenance-service")

    def get_caddy_ingress_image(self):
        return self._section("caddy-ingress-image")

    def get_image_registry_config(self):
        return self._section("image-pull-secret")

    def get_container_resources(self):
        return Resources(self._section("resources", "containers") or {})

    def get_volume_resources(self):
        return Resources(self._section("resources", "volumes") or {})

    def get_container_resources_for(self, container_name):
        return self._sized("containers", container_name)

    def get_volume_resources_for(self, volume_name):
        return self._sized("volumes", volume_name)
