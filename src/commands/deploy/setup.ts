import type { Command } from 'commander';
import type { ContextOf } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';
import { groupOptions, requireStack } from './group.js';

interface Options {
  nodeMoniker?: string;
  chainId?: string;
  keyName?: string;
  gentxFiles?: string;
  gentxAddresses?: string;
  genesisFile?: string;
  networkDir?: string;
  initializeNetwork: boolean;
  joinNetwork: boolean;
  connectNetwork: boolean;
  createNetwork: boolean;
}

/** Declares `deploy setup`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'setup [extra-args...]', "run the stack's own preparation (its setup hooks)")
    .option('--node-moniker <name>', 'moniker of this node')
    .option('--chain-id <id>', 'id of the chain')
    .option('--key-name <name>', 'name of the key')
    .option('--gentx-files <files>', 'genesis transaction files (comma-separated)')
    .option('--gentx-addresses <addresses>', 'genesis addresses (comma-separated)')
    .option('--genesis-file <file>', 'the genesis file')
    .option('--network-dir <path>', "the network's directory")
    .option('--initialize-network', 'phase: initialize', false)
    .option('--join-network', 'phase: join', false)
    .option('--connect-network', 'phase: connect', false)
    .option('--create-network', 'phase: create', false)
    .action(async (extraArgs: string[], options: Options, self: Command) => {
      const context = contextOf(self);
      const { setupStack } = await import('../../deployers/lifecycle/in-place.js');
      await setupStack(
        requireStack(context),
        groupOptions(self),
        {
          nodeMoniker: options.nodeMoniker ?? null,
          chainId: options.chainId ?? null,
          keyName: options.keyName ?? null,
          gentxFileList: options.gentxFiles ?? null,
          gentxAddressList: options.gentxAddresses ?? null,
          genesisFile: options.genesisFile ?? null,
          networkDir: options.networkDir ?? null,
          initializeNetwork: options.initializeNetwork,
          joinNetwork: options.joinNetwork,
          connectNetwork: options.connectNetwork,
          createNetwork: options.createNetwork,
        },
        extraArgs,
        context,
      );
    });
}
