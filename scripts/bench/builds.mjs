// What build-containers adds to bare `docker build`: containers whose steps are all in the cache, as then it shows
// most.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, timed } from './measure.mjs';

const org = `laconic-bench-${process.pid}`;

/** A stack that builds `count` images of next to nothing. @returns its directory and the build folders */
function writeStack(folder, count) {
  const root = join(folder, `builds-${count}`);
  const stack = join(root, 'stacks', 'builds');
  mkdirSync(stack, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `${org}/image-${index}`);
  const list = names.map((name) => `\n  - ${name}`).join('');
  writeFileSync(join(stack, 'stack.yml'), `name: builds\ncontainers:${list}\npods: []\n`);
  const folders = names.map((name) => join(root, 'container-build', name.replace('/', '-')));
  for (const [index, each] of folders.entries()) {
    mkdirSync(each, { recursive: true });
    writeFileSync(join(each, 'Dockerfile'), `FROM scratch\nCOPY Dockerfile /image-${index}\n`);
  }
  return { stack, names, folders };
}

/**
 * Seconds above `docker build` of the same folders: for one container with all that starting takes, and for each
 * further one.
 */
export async function measureBuilds({ call, record }, folder) {
  const one = writeStack(folder, 1);
  const six = writeStack(folder, 6);
  const env = { DOCKER_BUILDKIT: '1', XDG_STATE_HOME: join(folder, 'state') };
  const ours = ({ stack }) => timed({ ...call('--stack', stack, 'build-containers'), env });
  const docker = ({ names, folders }) =>
    folders.reduce(
      (sum, context, index) =>
        sum + timed({ program: 'docker', args: ['build', '--tag', `${names[index]}:local`, context], env }),
      0,
    );
  try {
    const times = await compare(9, [
      { name: 'ours one', run: () => ours(one) },
      { name: 'docker one', run: () => docker(one) },
      { name: 'ours six', run: () => ours(six) },
      { name: 'docker six', run: () => docker(six) },
    ]);
    const above = (count) => times.get(`ours ${count}`) - times.get(`docker ${count}`);
    record('build-containers of 1 image, above docker build', above('one'), undefined, 0.3);
    record('build-containers of 6 images, above docker build, for each', above('six') / 6, undefined, 0.3);
  } finally {
    timed({ program: 'docker', args: ['image', 'rm', '--force', ...six.names.map((name) => `${name}:local`)] });
  }
}
