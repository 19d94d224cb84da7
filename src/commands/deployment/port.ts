import type { Command } from 'commander';
import type { PortQuery } from '../../deployers/deployer.js';
import {
  type ContextOf,
  missingArgument,
  parseIndex,
  parsePortNumber,
  parseProtocol,
  targetOf,
} from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

/** Adds `port` to a group, with the action `run`. */
export function declarePort(group: Command, run: (self: Command, query: PortQuery) => Promise<void>): void {
  subcommand(group, 'port [service] [port]', 'print the address a port of a service is published at')
    .option('--protocol <tcp|udp>', 'protocol of the port', 'tcp')
    .option('--index <number>', 'index of the container if the service has several', '1')
    .action(
      async (
        service: string | undefined,
        port: string | undefined,
        options: { protocol: string; index: string },
        self: Command,
      ) => {
        const usage = 'port <service> <exposed-port>';
        if (service === undefined) throw missingArgument(usage, '<service>, the name of a service of the stack');
        if (port === undefined) {
          throw missingArgument(usage, `<exposed-port>, a port that ${service} listens on in its container`);
        }
        await run(self, {
          service,
          port: parsePortNumber(port),
          protocol: parseProtocol(options.protocol),
          index: parseIndex(options.index),
        });
      },
    );
}

/** Declares `deployment port`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  declarePort(group, async (self, query) => {
    const { deploymentPort } = await import('../../deployers/lifecycle/operations.js');
    await deploymentPort(targetOf(self), query, contextOf(self));
  });
}
