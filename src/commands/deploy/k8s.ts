import type { Command } from 'commander';
import type { ContextOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Declares `deploy k8s list cluster`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  const k8s = subcommand(group, 'k8s', 'the local Kubernetes cluster of this host');
  const list = subcommand(k8s, 'list', 'list local resources');
  subcommand(list, 'cluster', "print the name of this host's kind cluster").action(
    async (_: unknown, self: Command) => {
      const { listKindCluster } = await import('../../deployers/lifecycle/list-kind-cluster.js');
      await listKindCluster(contextOf(self));
    },
  );
}
