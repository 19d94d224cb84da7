import { describe, expect, it } from 'vitest';
import { containerOf, findingsOf, oneService, podOf } from '../../../../../support/kubernetes/kubernetes-objects.js';

describe('the security context has what is asked for, and nothing more', () => {
  it.each([
    ['', undefined],
    ['privileged: true', { privileged: true }],
    ['privileged: false', undefined],
    ['read_only: true', { readOnlyRootFilesystem: true }],
    [
      'cap_add: [ net_admin, CAP_IPC_LOCK, NET_ADMIN ]\ncap_drop: [ ALL ]',
      { capabilities: { add: ['NET_ADMIN', 'IPC_LOCK'], drop: ['ALL'] } },
    ],
    ['user: "1000"', { runAsUser: 1000 }],
    ['user: "1000:2000"', { runAsUser: 1000, runAsGroup: 2000 }],
    ['user: root', { runAsUser: 0 }],
    ['user: "root:root"', { runAsUser: 0, runAsGroup: 0 }],
    ['security_opt: [ "no-new-privileges:true" ]', { allowPrivilegeEscalation: false }],
    ['security_opt: [ no-new-privileges ]', { allowPrivilegeEscalation: false }],
    ['security_opt: [ "no-new-privileges:false" ]', undefined],
    [
      'security_opt: [ "seccomp:unconfined", "apparmor=unconfined" ]',
      { seccompProfile: { type: 'Unconfined' }, appArmorProfile: { type: 'Unconfined' } },
    ],
    ['security_opt: [ "apparmor:mine" ]', { appArmorProfile: { type: 'Localhost', localhostProfile: 'mine' } }],
    ['security_opt: [ "label:type:spc_t", "label=level:s0" ]', { seLinuxOptions: { type: 'spc_t', level: 's0' } }],
  ])('%j', (keys, expected) => {
    expect(containerOf(keys).securityContext).toEqual(expected);
  });

  it("has the spec's privileges and capabilities in every container", () => {
    expect(
      containerOf('cap_add: [ SYS_PTRACE ]', { spec: 'security: { privileged: "True", capabilities: [ IPC_LOCK ] }\n' })
        .securityContext,
    ).toEqual({
      privileged: true,
      capabilities: { add: ['SYS_PTRACE', 'IPC_LOCK'] },
    });
  });

  it.each([
    ['user: postgres', /services\.web\.user: "postgres": Kubernetes does not know names.*1000:1000/],
    ['user: "1000:users"', /"1000:users": Kubernetes does not know names/],
    ['user: "-1"', /Kubernetes does not know names/],
    ['group_add: [ docker ]', /group_add\[0\]: "docker": Kubernetes does not know names of groups/],
    [
      'security_opt: [ "seccomp:./profile.json" ]',
      /security_opt\[0\]: Kubernetes has no equivalent of "seccomp:\.\/profile\.json"/,
    ],
    ['security_opt: [ "systempaths=unconfined" ]', /Kubernetes has no equivalent of/],
    [
      'privileged: true\nsecurity_opt: [ no-new-privileges ]',
      /refuses no-new-privileges for a container that is privileged/,
    ],
    ['cap_add: [ SYS_ADMIN ]\nsecurity_opt: [ no-new-privileges ]', /or has SYS_ADMIN/],
  ])('is refused for %j, by file and line', (keys, message) => {
    expect(findingsOf(keys).errors).toEqual([expect.stringMatching(message)]);
    expect(findingsOf(keys).errors[0]).toMatch(/^docker-compose-web\.yml:\d+ services\.web\./);
  });
});

describe('security settings that a pod shares', () => {
  it('are the groups and sysctls of all its services', () => {
    const pods = {
      web: `
services:
  a: { image: x, group_add: [ 10, 20 ], sysctls: { net.ipv4.tcp_syncookies: 0 } }
  b: { image: x, group_add: [ "20" ], sysctls: [ net.ipv4.tcp_syncookies=0, net.ipv4.tcp_fin_timeout=5 ] }
`,
    };
    expect(podOf({ pods }).securityContext).toEqual({
      supplementalGroups: [10, 20],
      sysctls: [
        { name: 'net.ipv4.tcp_syncookies', value: '0' },
        { name: 'net.ipv4.tcp_fin_timeout', value: '5' },
      ],
    });
    expect(podOf({ pods: { web: oneService('') } })).not.toHaveProperty('securityContext');
  });

  it.each([
    ['sysctls: { "Bad Name": 1 }', '"Bad Name" is not the name of a kernel setting'],
    ['dns: [ 1.1.1.1, one.example.org ]', 'services.web.dns: "one.example.org" is not an IP address'],
  ])('are refused for %j, as the API does', (keys, message) => {
    expect(findingsOf(keys).errors).toEqual([expect.stringContaining(message)]);
  });

  it('are warned about for sysctls that nodes must allow, and refused for network sysctls with the host network', () => {
    expect(findingsOf('sysctls: { net.core.somaxconn: 1024 }').warnings).toEqual([
      expect.stringContaining('nodes must allow it (kubelet --allowed-unsafe-sysctls=net.core.somaxconn)'),
    ]);
    expect(findingsOf('network_mode: host\nsysctls: { net.ipv4.tcp_syncookies: 0 }').errors).toEqual([
      expect.stringContaining('sysctls["net.ipv4.tcp_syncookies"]: the pod uses the network of the host'),
    ]);
    expect(findingsOf('ipc: host\nsysctls: { kernel.msgmax: 1 }').errors).toEqual([
      expect.stringContaining('the pod uses the IPC of the host'),
    ]);
  });
});
