import type { Command } from 'commander';
import { formatAddress } from '../../system/address.js';
import { type ContextOf, missingArgument, parseIndex, parsePortNumber, parseProtocol } from '../shared/arguments.js';
import { openTarget, type OpenProject } from '../shared/open.js';
import { subcommand } from '../shared/program.js';

/** Adds `port` to a group. */
export function declarePort(group: Command, contextOf: ContextOf, open: OpenProject): void {
  subcommand(group, 'port [service] [port]', 'print the address a port of a service is published at')
    .option('--protocol <tcp|udp|sctp>', 'protocol of the port', 'tcp')
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
        const query = {
          service,
          port: parsePortNumber(port),
          protocol: parseProtocol(options.protocol),
          index: parseIndex(options.index),
        };
        const context = contextOf(self);
        const project = await open(self, context);
        if (context.options.dryRun)
          context.report.print(`would look up port ${query.port}/${query.protocol} of ${service}`);
        else context.report.print(formatAddress(await project.port(query)));
      },
    );
}

/** Declares `deployment port`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  declarePort(group, contextOf, openTarget);
}
