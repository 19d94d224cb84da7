import type { V1Capabilities, V1SecurityContext, V1SELinuxOptions, V1Sysctl } from '@kubernetes/client-node';
import type { ServiceModel } from '../../../../compose/model/types.js';
import { quote } from '../../../../system/yaml/yaml.js';
import { isHostNetwork } from '../network/pod-network.js';
import { compact, type PodScope, refuse, warn } from '../common/scope.js';

/** Kernel settings that the kubelet allows pods to change by default. */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

/** Settings of the IPC namespace. */
const ipcSysctl = /^(?:kernel\.(?:sem$|shm|msg)|fs\.mqueue\.)/;

const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;

/**
 * Returns the security context of a container: what its service and the spec request, and nothing more, as images that
 * run on Compose must run. Undefined if they request nothing.
 */
export function containerSecurity(scope: PodScope, service: ServiceModel): V1SecurityContext | undefined {
  const { security } = scope.input.spec;
  const privileged = service.privileged || security.privileged;
  const context: V1SecurityContext = compact({
    privileged: privileged || undefined,
    readOnlyRootFilesystem: service.read_only || undefined,
    capabilities: capabilitiesOf(service, security.capabilities),
    ...userOf(scope, service),
    ...securityOptions(scope, service, privileged),
  });
  return Object.keys(context).length === 0 ? undefined : context;
}

function capabilitiesOf(service: ServiceModel, ofSpec: readonly string[]): V1Capabilities | undefined {
  const add = [...new Set([...service.cap_add, ...ofSpec].map(capability))];
  const drop = [...new Set(service.cap_drop.map(capability))];
  return add.length + drop.length === 0 ? undefined : compact({ add, drop });
}

/** Compose accepts both `net_admin` and `CAP_NET_ADMIN`. */
function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}

function userOf(scope: PodScope, service: ServiceModel): Pick<V1SecurityContext, 'runAsUser' | 'runAsGroup'> {
  if (service.user === undefined || service.user === '') return {};
  const [user = '', group] = service.user.split(':');
  const runAsUser = numericId(user);
  const runAsGroup = group === undefined || group === '' ? undefined : numericId(group);
  if (runAsUser === undefined || (runAsGroup === undefined && group !== undefined && group !== '')) {
    const message = `${quote(service.user)}: Kubernetes does not know names of users and groups; write their numbers, such as "1000:1000" (\`docker run --rm IMAGE id\` shows them)`;
    refuse(scope, service, ['user'], message);
    return {};
  }
  return compact({ runAsUser, runAsGroup });
}

/** Parses the number of a user or group; `root` is 0 in every image. */
function numericId(text: string): number | undefined {
  if (text === 'root') return 0;
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : undefined;
}

function securityOptions(scope: PodScope, service: ServiceModel, privileged: boolean): V1SecurityContext {
  const context: V1SecurityContext = {};
  const labels: Record<string, string> = {};
  service.security_opt.forEach((option, index) => {
    const key = ['security_opt', index];
    const [, name = '', value = ''] = /^([^:=]*)[:=]?(.*)$/.exec(option) ?? [];
    if (name === 'no-new-privileges') {
      if (value === 'false') return;
      if (privileged || service.cap_add.some((each) => capability(each) === 'SYS_ADMIN')) {
        refuse(
          scope,
          service,
          key,
          'Kubernetes refuses no-new-privileges for a container that is privileged or has SYS_ADMIN: remove one of them',
        );
      } else context.allowPrivilegeEscalation = false;
    } else if (name === 'seccomp' && value === 'unconfined') context.seccompProfile = { type: 'Unconfined' };
    else if (name === 'apparmor' && value === 'unconfined') context.appArmorProfile = { type: 'Unconfined' };
    else if (name === 'apparmor' && value !== '')
      context.appArmorProfile = { type: 'Localhost', localhostProfile: value };
    else if (name === 'label' && /^(?:user|role|type|level)[:=]/.test(value)) {
      const [, part = '', text = ''] = /^(\w+)[:=](.*)$/.exec(value) ?? [];
      labels[part] = text;
    } else if (name === 'label' && value === 'disable') {
      warn(
        scope,
        service,
        key,
        'Kubernetes cannot disable SELinux for a container: write label:type:spc_t if the nodes use it',
      );
    } else {
      refuse(
        scope,
        service,
        key,
        `Kubernetes has no equivalent of ${quote(option)}: remove it, or the container would run with other rules than on Compose`,
      );
    }
  });
  if (Object.keys(labels).length > 0) context.seLinuxOptions = labels satisfies V1SELinuxOptions;
  return context;
}

/** Returns `group_add` of the services of a pod, which applies to all of its containers. */
export function supplementalGroups(scope: PodScope): number[] {
  const groups = new Set<number>();
  for (const service of scope.services) {
    service.group_add.forEach((group, index) => {
      const id = numericId(group);
      if (id === undefined) {
        refuse(
          scope,
          service,
          ['group_add', index],
          `${quote(group)}: Kubernetes does not know names of groups; write the number`,
        );
      } else groups.add(id);
    });
  }
  return [...groups];
}

/** Returns the kernel settings of a pod: those of its services, which share them. */
export function podSysctls(scope: PodScope): V1Sysctl[] {
  const hostNetwork = isHostNetwork(scope);
  const hostIpc = scope.services.some(({ ipc }) => ipc === 'host');
  const values = new Map<string, string>();
  for (const service of scope.services) {
    for (const [name, value] of service.sysctls) {
      const key = ['sysctls', name];
      const other = values.get(name);
      if (!sysctlName.test(name) || name.length > 253) {
        refuse(scope, service, key, `${quote(name)} is not the name of a kernel setting`);
        continue;
      }
      if (other !== undefined && other !== value) {
        refuse(
          scope,
          service,
          key,
          `another service of the pod ${scope.podFile.name} sets it to ${other}, and they share it: set it once`,
        );
      } else if ((hostNetwork && name.startsWith('net.')) || (hostIpc && ipcSysctl.test(name))) {
        const what = name.startsWith('net.') ? 'network' : 'IPC';
        refuse(scope, service, key, `the pod uses the ${what} of the host: set it on the host, and remove it here`);
      } else {
        values.set(name, value);
        if (!safeSysctls.has(name))
          warn(
            scope,
            service,
            key,
            `nodes must allow it (kubelet --allowed-unsafe-sysctls=${name}), or they refuse the pod`,
          );
      }
    }
  }
  return [...values].map(([name, value]) => ({ name, value }));
}
