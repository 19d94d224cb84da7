import * as z from 'zod';
import { behindPart } from '../deployment/directory/behind.js';

/**
 * What `ps` and `status` return, the same on both targets. The schemas describe the JSON of `--format json`; the pages
 * `docs/schemas/*.json` are generated from them. At run time only their types are used.
 */

const publishedAddress = z.object({ ip: z.string(), port: z.int() });

const publishedPort = z.object({
  containerPort: z.int(),
  protocol: z.string(),
  host: publishedAddress.optional().describe('absent if the port is exposed, but not published'),
});

const containerStatus = z
  .object({
    id: z.string().describe('unique: the full id with Docker, `<namespace>/<pod>/<container>` on Kubernetes'),
    name: z.string().describe('the name of the container with Docker, of its pod on Kubernetes'),
    service: z.string(),
    image: z.string(),
    state: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
    health: z
      .enum(['starting', 'healthy', 'unhealthy'])
      .optional()
      .describe(
        'absent without a healthcheck; on Kubernetes never `unhealthy`, but `starting`, as readiness can return',
      ),
    exitCode: z.int().optional().describe('present if the container has stopped'),
    restarts: z.int(),
    reason: z.string().optional().describe('Kubernetes: why the container does not run'),
    job: z.boolean().optional().describe('created by a job: not in `ps`, and not part of the health of the deployment'),
    keptRunning: z
      .boolean()
      .optional()
      .describe('restarted whatever its exit code (`restart: always`, `unless-stopped`): never completed'),
    completed: z
      .boolean()
      .optional()
      .describe('a one-shot that exited with 0 and did its work; absent if it did not, and in `ps`'),
    startedAt: z.string().optional().describe('ISO 8601; absent if it never ran'),
    finishedAt: z.string().optional().describe('ISO 8601; when it ended with this exit code'),
    ports: z.array(publishedPort),
  })
  .describe('a container, on Kubernetes a container of a pod');

const podStatus = z.object({
  name: z.string(),
  state: z.string().describe('the phase of the pod, or `Terminating`'),
  running: z.boolean().describe('whether one of its containers runs, other than an init container'),
  ready: z.string().describe('`1/2`: how many of its containers are ready'),
  restarts: z.int(),
  job: z.boolean().optional().describe('created by a job'),
  ip: z.string().optional(),
  ports: z.array(z.int()).describe('ports of its containers, each once, whatever the protocol'),
  nodePorts: z.array(z.object({ nodePort: z.int(), port: z.int(), protocol: z.string() })),
  node: z.string().optional(),
  createdAt: z.string().optional(),
  deletedAt: z.string().optional(),
  reasons: z.array(z.string()).describe('why containers do not run'),
});

const objectStatus = z.object({
  name: z.string(),
  ready: z.boolean(),
  state: z.string().describe('`1/1 ready`, or what the object waits for, or why it will never be ready'),
  failed: z.boolean(),
});

const hostStatus = z
  .object({
    host: z.string(),
    address: z.string().optional().describe('of the ingress controller, if it reports one'),
    tls: z.string().describe('the state of the certificate'),
  })
  .describe('a host of the Ingress');

const podList = z.object({ namespace: z.string(), pods: z.array(podStatus) });

const clusterStatus = podList.extend({
  cluster: z.string().optional().describe('context and server; absent if the cluster does not exist'),
  hosts: z.array(hostStatus),
  externalServices: z
    .array(z.object({ name: z.string(), target: z.string().describe('a host name, or addresses') }))
    .describe('`external-services` of the spec'),
  deployments: z.array(objectStatus),
  jobs: z.array(objectStatus),
  volumes: z.array(objectStatus),
});

/** The output of `ps --format json`. */
export const containerListSchema = z.object({
  containers: z.array(containerStatus),
  kubernetes: podList.optional().describe('present on Kubernetes'),
});

/** The output of `status --format json`. */
export const deploymentStatusSchema = z.object({
  degraded: z.boolean().describe('something is missing, has failed or is unhealthy: `status --exit-code` exits with 1'),
  missing: z
    .array(z.string())
    .describe('services without a container; on Kubernetes, objects that do not exist: `Deployment x`'),
  behind: z.array(behindPart),
  warnings: z.array(z.string()).describe('missing Secrets, and the latest warnings of the cluster'),
  containers: z.array(containerStatus).describe('also those of jobs'),
  kubernetes: clusterStatus.optional().describe('present on Kubernetes'),
});

export type PublishedAddress = z.infer<typeof publishedAddress>;
export type PublishedPort = z.infer<typeof publishedPort>;
/** A container (Compose), or container of a pod (Kubernetes). */
export type ContainerStatus = z.infer<typeof containerStatus>;
export type PodStatus = z.infer<typeof podStatus>;
export type ObjectStatus = z.infer<typeof objectStatus>;
export type HostStatus = z.infer<typeof hostStatus>;
export type ContainerList = z.infer<typeof containerListSchema>;
export type DeploymentStatus = z.infer<typeof deploymentStatusSchema>;
