import { describe, expect, it } from 'vitest';
import {
  fullImageName,
  imagesToSend,
  isNoticed,
  parseNodeImages,
} from '../../../../../src/deployers/kubernetes/kind/node-images.js';

const id = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** The output of `ctr images ls`: a name, a type, the digest of the manifest, and more. */
const listing = [
  'REF                            TYPE                     DIGEST                 SIZE    PLATFORMS   LABELS',
  `docker.io/cerc/shop:local      application/vnd.oci.x    ${id('a')} 3.9 MiB linux/amd64 io.cri-containerd.image=managed`,
  `docker.io/library/busybox:1.36 application/vnd.oci.x    ${id('b')} 3.9 MiB linux/amd64 -`,
  `${id('1')} application/vnd.oci.x ${id('a')} 3.9 MiB linux/amd64 io.cri-containerd.image=managed`,
  '',
].join('\n');

describe('the names under which containerd keeps images', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['cerc/shop:local', 'docker.io/cerc/shop:local'],
    ['ghcr.io/o/x', 'ghcr.io/o/x:latest'],
    ['localhost/x:1', 'localhost/x:1'],
    ['localhost:5000/x', 'localhost:5000/x:latest'],
    ['host:5000/a/b:1', 'host:5000/a/b:1'],
    [`a/b@${id('c')}`, `docker.io/a/b@${id('c')}`],
  ])('%s is %s', (image, full) => {
    expect(fullImageName(image)).toBe(full);
  });
});

describe('the images that are sent to a node', () => {
  const node = parseNodeImages(listing);
  const send = (image: string, hostId: string | undefined, built: boolean): string[] =>
    imagesToSend([{ image, built }], new Map(hostId === undefined ? [] : [[image, hostId]]), node);

  it('are compared by the ids of the manifest and of the configuration', () => {
    expect([...(node.get('docker.io/cerc/shop:local') ?? [])].sort()).toEqual([id('1'), id('a')]);
    expect([...node.keys()]).toEqual(['docker.io/cerc/shop:local', 'docker.io/library/busybox:1.36']);
  });

  it('include images that are on the node but unknown to Kubernetes, which a pod would not find', () => {
    expect(isNoticed('cerc/shop:local', node)).toBe(true);
    expect(isNoticed('busybox:1.36', node)).toBe(false);
    expect(isNoticed('cerc/new:local', node)).toBe(false);
  });

  it('do not include equal ones', () => {
    expect(send('cerc/shop:local', id('1'), true)).toEqual([]);
    expect(send('cerc/shop:local', id('a'), true)).toEqual([]);
  });

  it('include a rebuilt image, and one that the node lacks', () => {
    expect(send('cerc/shop:local', id('2'), true)).toEqual(['cerc/shop:local']);
    expect(send('cerc/new:local', id('3'), true)).toEqual(['cerc/new:local']);
    expect(send('redis:7', id('4'), false)).toEqual(['redis:7']);
  });

  it("do not include those that the node pulled itself, since this host's may be older", () => {
    expect(send('busybox:1.36', id('5'), false)).toEqual([]);
  });

  it('do not include those that this host lacks, or that are named by digest', () => {
    expect(send('cerc/shop:local', undefined, true)).toEqual([]);
    expect(send(`a/b@${id('c')}`, id('6'), false)).toEqual([]);
  });

  it('are each sent once', () => {
    const wanted = [1, 2].map(() => ({ image: 'x:1', built: true }));
    expect(imagesToSend(wanted, new Map([['x:1', id('7')]]), node)).toEqual(['x:1']);
  });
});
