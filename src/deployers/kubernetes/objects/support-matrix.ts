import type { Findings, PodFileInput } from './common/input.js';

/**
 * How a key of a compose file is mapped. `mapped`: completely. `partly`: the code that maps it reports the values that
 * it cannot map. `unused`: it has no effect on what runs, so nothing is reported. `warning`, `error`: it is not mapped,
 * and `text` is reported.
 */
export interface KeySupport {
  level: 'mapped' | 'partly' | 'unused' | 'warning' | 'error';
  text: string;
}

const mapped = (text: string): KeySupport => ({ level: 'mapped', text });
const partly = (text: string): KeySupport => ({ level: 'partly', text });
const unused = (text: string): KeySupport => ({ level: 'unused', text });
const warning = (text: string): KeySupport => ({ level: 'warning', text });
const error = (text: string): KeySupport => ({ level: 'error', text });

const asDeploy = mapped('as the key below `deploy` that means the same');
const noScheduler = warning('has no counterpart on Kubernetes: limit the container with deploy.resources');

/** Keys of a service: the source for {@link reportUnmapped} and docs/kubernetes.md. */
export const serviceSupport: Readonly<Record<string, KeySupport>> = {
  annotations: warning('is not mapped: write annotations in the spec'),
  attach: unused('only affects what `docker compose up` shows'),
  blkio_config: noScheduler,
  build: unused('`build-containers` builds the images; a service without `image` is an error'),
  cap_add: mapped('`securityContext.capabilities.add`'),
  cap_drop: mapped('`securityContext.capabilities.drop`'),
  cgroup: warning('has no counterpart on Kubernetes'),
  cgroup_parent: warning('has no counterpart on Kubernetes'),
  command: mapped('`args`, split into words as a POSIX shell does'),
  configs: mapped('a ConfigMap with the content, mounted as a file; `external`: a ConfigMap that exists'),
  container_name: warning('is not used: containers are named by Kubernetes, and found under the name of the service'),
  cpu_count: noScheduler,
  cpu_percent: noScheduler,
  cpu_period: noScheduler,
  cpu_quota: noScheduler,
  cpu_rt_period: noScheduler,
  cpu_rt_runtime: noScheduler,
  cpu_shares: noScheduler,
  cpus: asDeploy,
  cpuset: noScheduler,
  credential_spec: error('is for Windows, and not mapped'),
  depends_on: mapped(
    'the order in which pods are started and awaited; in one pod, `service_healthy` creates a sidecar (Kubernetes 1.29 and later) and `service_completed_successfully` an init container',
  ),
  deploy: partly('see below'),
  develop: unused('only affects `docker compose watch`'),
  device_cgroup_rules: error('cannot be mapped: Kubernetes provides devices through device plugins only'),
  devices: error(
    'cannot be mapped: Kubernetes provides devices through device plugins only; `security.privileged` in the spec gives access to all',
  ),
  dns: mapped("`dnsConfig.nameservers` of the pod, beside the cluster's"),
  dns_opt: warning('is not mapped'),
  dns_search: mapped('`dnsConfig.searches` of the pod'),
  domainname: warning('is not mapped'),
  entrypoint: mapped('`command`'),
  env_file: mapped('as `environment`'),
  environment: mapped('`env`; names whose values hold a generated secret or a credential by `secretKeyRef`'),
  expose: mapped("ports of the service's headless Service"),
  extends: partly('followed within the file; a service of another file is refused'),
  external_links: error(
    'cannot be mapped: containers outside the deployment have no name in the cluster; use external-services in the spec',
  ),
  extra_hosts: mapped('`hostAliases` of the pod'),
  gpus: error('cannot be mapped: Kubernetes provides devices through device plugins only'),
  group_add: mapped('`supplementalGroups` of the pod'),
  healthcheck: mapped(
    '`readinessProbe`; with the label `laconic.liveness-probe: true` a `livenessProbe` and with `laconic.startup-probe: true` a `startupProbe` too, which restart the container',
  ),
  hostname: mapped('`hostname` of the pod'),
  image: mapped('`image`, see `image-registry` and `image-overrides` of the spec'),
  init: partly('`true` has no counterpart: the process of the image is the first one'),
  ipc: partly('`host`: `hostIPC`; others only within the pod'),
  isolation: unused('about Windows'),
  label_file: unused('labels are for Docker'),
  labels: partly(
    '`laconic.init-container`, `laconic.liveness-probe`, `laconic.startup-probe`, of a job `laconic.recreate-job`: `true`; others are for Docker',
  ),
  links: warning('is not mapped: containers are found under the name of the service, other aliases do not exist'),
  logging: unused("the cluster's own logs are used"),
  mac_address: warning('has no counterpart on Kubernetes'),
  mem_limit: asDeploy,
  mem_reservation: asDeploy,
  mem_swappiness: noScheduler,
  memswap_limit: noScheduler,
  models: error('cannot be mapped: Docker runs these models itself'),
  network_mode: partly("`host`: `hostNetwork` of the pod; `none` and other containers' networks are errors"),
  networks: partly('all pods of the deployment reach each other; aliases do not exist, nor addresses of your choice'),
  oom_kill_disable: noScheduler,
  oom_score_adj: noScheduler,
  pid: partly('`host`: `hostPID`; others only within the pod'),
  pids_limit: partly('a cluster sets it for its nodes'),
  platform: warning('is not mapped: nodes pull the image of their own architecture'),
  ports: mapped('`containerPort`s; a NodePort where `network.ports` of the spec asks for one in 30000–32767'),
  post_start: error('is not mapped: do it in a script that starts the container'),
  pre_stop: error('is not mapped: do it in the script of the container, when it receives the stop signal'),
  privileged: mapped('`securityContext.privileged`'),
  profiles: mapped('services of profiles that are not active are left out'),
  provider: error('cannot be mapped: Docker Compose itself asks this program'),
  pull_policy: mapped('`imagePullPolicy`; `image-pull-policy` of the spec takes precedence'),
  pull_refresh_after: unused('only affects `docker compose up`'),
  read_only: mapped('`readOnlyRootFilesystem`'),
  restart: partly('Kubernetes restarts a container of a Deployment whenever it ends; use a job for a task that ends'),
  runtime: warning('is not mapped: write security.runtime-class in the spec'),
  scale: asDeploy,
  secrets: mapped('a Secret with the content, mounted as a file; `external`: a Secret that exists'),
  security_opt: partly('what `securityContext` has a field for'),
  shm_size: mapped('a memory `emptyDir` at `/dev/shm`'),
  stdin_open: mapped('`stdin`'),
  stop_grace_period: mapped('`terminationGracePeriodSeconds` of the pod'),
  stop_signal: partly('processes get the signal that the image names, else SIGTERM'),
  storage_opt: warning('has no counterpart on Kubernetes'),
  sysctls: partly('`sysctls` of the pod; a cluster allows only some'),
  tmpfs: mapped('a memory `emptyDir`'),
  tty: mapped('`tty`'),
  ulimits: warning(
    'is not mapped: nodes set the limits of their containers; security.unlimited-memlock of the spec lifts that of locked memory',
  ),
  use_api_socket: error("cannot be mapped: there is no Docker engine in the container's reach"),
  user: mapped('`runAsUser` and `runAsGroup`'),
  userns_mode: warning('has no counterpart on Kubernetes'),
  uts: warning('has no counterpart on Kubernetes'),
  volumes: mapped(
    'claims, ConfigMaps (paths on the host, files of at most 1 MiB; read-only, with a warning for folders that Compose lets the container write to) and `emptyDir`s (also for an empty folder)',
  ),
  volumes_from: error('is not mapped: name the volumes in both services'),
  working_dir: mapped('`workingDir`'),
};

/** Keys below `deploy` of a service. */
export const deployKeys: Readonly<Record<string, KeySupport>> = {
  endpoint_mode: unused('about Docker Swarm'),
  labels: unused('about Docker Swarm'),
  mode: partly('only services that run all the time'),
  placement: warning('is not mapped: write node-affinities in the spec'),
  replicas: mapped('`replicas` of the Deployment; `replicas` of the spec takes precedence'),
  resources: mapped('`resources`; `resources.containers` of the spec takes precedence'),
  restart_policy: unused('Kubernetes restarts a container of a Deployment whenever it ends'),
  rollback_config: unused('about Docker Swarm'),
  update_config: unused('about Docker Swarm'),
};

/** Top-level keys of a compose file. */
export const fileKeys: Readonly<Record<string, KeySupport>> = {
  configs: mapped('see `configs` of a service'),
  include: error(
    'is not followed: write the services into this file, or name the other file among the pods of stack.yml',
  ),
  models: error('cannot be mapped: Docker runs these models itself'),
  name: unused('names come from deployment.yml'),
  networks: partly('all pods of the deployment reach each other; `internal` is not carried out'),
  secrets: mapped('see `secrets` of a service'),
  services: mapped('one container each'),
  version: unused('Docker Compose does not read it either'),
  volumes: mapped(
    'a claim each, placed by `volumes` of the spec; ConfigMaps where `configmaps` of the spec names them',
  ),
};

/** Reports the keys of a pod's or job's services that are not mapped at all: one problem each. */
export function reportUnmapped({ model }: PodFileInput, findings: Findings): void {
  for (const service of model.services.values()) {
    const report = (key: string, path: string[], support: KeySupport | undefined): void => {
      if (support === undefined && key.startsWith('x-')) return;
      const { level, text } = support ?? {
        level: 'warning',
        text: 'is not a known key: it has no effect',
      };
      if (level === 'error') findings.errors.push(model.problem(path, text));
      if (level === 'warning') findings.warnings.push(model.problem(path, text));
    };
    for (const key of service.keys) {
      report(key, ['services', service.name, key], own(serviceSupport, key));
    }
    for (const key of service.deploy?.keys ?? []) {
      report(key, ['services', service.name, 'deploy', key], own(deployKeys, key));
    }
  }
}

function own(keys: Readonly<Record<string, KeySupport>>, key: string): KeySupport | undefined {
  return Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** Renders the tables of docs/kubernetes.md. */
export function renderSupport(): string {
  return [
    '### Keys of a service',
    table(serviceSupport),
    '### Keys below `deploy`',
    table(deployKeys),
    '### Keys of the file',
    table(fileKeys),
  ].join('\n\n');
}

const levelNames: Record<KeySupport['level'], string> = {
  mapped: 'yes',
  partly: 'in part',
  unused: 'not needed',
  warning: 'no, with a warning',
  error: 'no, refused',
};

function table(keys: Readonly<Record<string, KeySupport>>): string {
  const rows = Object.entries(keys).map(([key, { level, text }]) => `| \`${key}\` | ${levelNames[level]} | ${text} |`);
  return ['| key | mapped | to what, or why not |', '| --- | --- | --- |', ...rows].join('\n');
}
