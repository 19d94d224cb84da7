import type { ClusterApi } from '../api/api.js';
import { ClusterError } from '../api/errors.js';
import { resources } from '../api/resources.js';
import { LaconicError } from '../../../system/errors.js';
import { fieldManager } from '../apply/field-managers.js';
import { memlockRuntime } from '../objects/workloads/memlock.js';

/** The file in the deployment directory with {@link memlockSpec}, which is mounted into the kind node. */
export const memlockSpecFile = 'high-memlock-spec.json';

/**
 * Its place in the node: the same for all deployments, so that each can use a cluster that another one has created. The
 * node reads the file when it starts.
 */
export const memlockSpecInNode = '/etc/containerd/laconic-high-memlock.json';

/** Whether a file mounted into a node is a specification of the runtime: the Python program kept its own path. */
export function isMemlockSpec(containerPath: string): boolean {
  return containerPath === memlockSpecInNode || containerPath.endsWith(`/${memlockSpecFile}`);
}

const runtimeTable = `plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${memlockRuntime}`;

/** The patch of containerd's configuration in a kind node, in the format version of kind's own configuration. */
export const memlockPatch = `[${runtimeTable}]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "${memlockSpecInNode}"
[${runtimeTable}.options]
  SystemdCgroup = true
`;

/** Whether patches of containerd's configuration define the runtime. */
export function definesMemlockRuntime(patches: readonly unknown[]): boolean {
  return patches.some((patch) => typeof patch === 'string' && patch.includes(`.runtimes.${memlockRuntime}]`));
}

const capabilities = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
].map((name) => `CAP_${name}`);

const nosuid = ['nosuid', 'noexec', 'nodev'];

const mounts = [
  ['/proc', 'proc', 'proc', nosuid],
  ['/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']],
  ['/dev/pts', 'devpts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']],
  ['/dev/shm', 'tmpfs', 'shm', [...nosuid, 'mode=1777', 'size=65536k']],
  ['/dev/mqueue', 'mqueue', 'mqueue', nosuid],
  ['/sys', 'sysfs', 'sysfs', [...nosuid, 'ro']],
  ['/run', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']],
] as const;

/** RLIM_INFINITY as a signed number of 64 bits, which JSON of JavaScript cannot write as a number. */
const infinite = '9223372036854775807';

/**
 * Returns the base of every container of the runtime, in the format of the OCI runtime specification: containerd's
 * default one, without a limit of locked memory.
 */
export function memlockSpec(): string {
  const spec = {
    ociVersion: '1.1.0-rc.1',
    process: {
      user: { uid: 0, gid: 0 },
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [
        { type: 'RLIMIT_MEMLOCK', hard: infinite, soft: infinite },
        { type: 'RLIMIT_NOFILE', hard: 1_048_576, soft: 1_048_576 },
      ],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs' },
    mounts: mounts.map(([destination, type, source, options]) => ({ destination, type, source, options })),
    linux: {
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      cgroupsPath: '/default',
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
      maskedPaths: [
        ...['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi'].map(
          (name) => `/proc/${name}`,
        ),
        '/sys/firmware',
      ],
      readonlyPaths: ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`),
    },
  };
  return `${JSON.stringify(spec, undefined, 2).replaceAll(`"${infinite}"`, infinite)}\n`;
}

/** Whether the cluster has a RuntimeClass for it; an account that may not look is not told otherwise. */
export async function hasMemlockClass(api: ClusterApi): Promise<boolean> {
  try {
    return (await api.get(resources.RuntimeClass, memlockRuntime)) !== undefined;
  } catch (error) {
    if (error instanceof ClusterError && error.status === 403) return true;
    throw error;
  }
}

/**
 * Ensures the RuntimeClass, which all deployments of the cluster share and none deletes.
 * @param manage whether it may be created
 * @throws LaconicError if it is missing otherwise: no pod could be created
 */
export async function ensureMemlockClass(api: ClusterApi, manage: boolean): Promise<void> {
  if (await hasMemlockClass(api)) return;
  if (!manage) {
    throw new LaconicError(
      `the cluster has no RuntimeClass ${memlockRuntime}, which security.unlimited-memlock of the spec needs`,
      { hint: 'see docs/kubernetes.md, "Locked memory"; or name another one with security.runtime-class' },
    );
  }
  const object = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: memlockRuntime } };
  await api.apply({ ...object, handler: memlockRuntime }, { fieldManager, force: false });
}
