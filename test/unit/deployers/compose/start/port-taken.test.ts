import { describe, expect, it } from 'vitest';
import { parsePortFailure } from '../../../../../src/deployers/compose/start/port-taken.js';
import { explainPull } from '../../../../../src/images/refusals.js';

const endpoint = 'driver failed programming external connectivity on endpoint p-web-1 (ab60): ';

describe('the host port in an error of the engine', () => {
  it.each([
    [
      `${endpoint}Error starting userland proxy: listen tcp4 127.0.0.1:18080: bind: address already in use`,
      { ip: '127.0.0.1', port: 18080, protocol: 'tcp', why: 'taken' },
    ],
    [
      `${endpoint}Bind for 0.0.0.0:80 failed: port is already allocated`,
      { ip: '0.0.0.0', port: 80, protocol: undefined, why: 'taken' },
    ],
    [
      `${endpoint}Error starting userland proxy: listen udp6 [::1]:53: bind: address already in use`,
      { ip: '::1', port: 53, protocol: 'udp', why: 'taken' },
    ],
    [
      'failed to set up container networking: driver failed programming external connectivity on endpoint x (ab): failed to bind host port for 0.0.0.0:8080:172.18.0.2:80/tcp: address already in use',
      { ip: '0.0.0.0', port: 8080, protocol: 'tcp', why: 'taken' },
    ],
    [
      'failed to bind host port 0.0.0.0:8080/udp: address already in use',
      { ip: '0.0.0.0', port: 8080, protocol: 'udp', why: 'taken' },
    ],
    [
      `${endpoint}Error starting userland proxy: listen tcp4 10.9.9.9:81: bind: cannot assign requested address`,
      { ip: '10.9.9.9', port: 81, protocol: 'tcp', why: 'no such address' },
    ],
    [
      "error while calling PortManager.AddPort(): cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf",
      { ip: '0.0.0.0', port: 80, protocol: undefined, why: 'forbidden' },
    ],
  ])('%s', (words, failure) => {
    expect(parsePortFailure(words)).toEqual(failure);
  });

  it.each([
    '',
    'failed to mount local volume: mount /x:/y, flags: 0x1000: no such file or directory',
    'exec: "nosuch": executable file not found in $PATH',
    'OCI runtime error: the service said: address already in use',
  ])('is absent from: %s', (words) => {
    expect(parsePortFailure(words)).toBeUndefined();
  });
});

describe('the reason why an image cannot be pulled', () => {
  it.each([
    [
      'Get "https://laconic.invalid/v2/": dial tcp: lookup laconic.invalid on 10.0.0.1:53: no such host',
      'reg.example.com cannot be reached (no such host)',
    ],
    ['manifest for reg.example.com/a/b:1 not found: manifest unknown: manifest unknown', 'has no such image'],
    [
      'pull access denied for a/b, repository does not exist or may require docker login: denied: requested access',
      'denies access',
    ],
    ['unauthorized: authentication required', 'denies access'],
    ['toomanyrequests: You have reached your pull rate limit.', 'allows no more pulls'],
    ['no matching manifest for linux/arm64/v8 in the manifest list entries', 'for other platforms only'],
  ])('%s', (words, why) => {
    const explained = explainPull('reg.example.com/a/b:1', words);
    expect(explained.why).toContain(why);
    expect(explained.hint).not.toBe('');
  });

  it.each([
    'write /var/lib/docker/tmp: no space left on device',
    'permission denied while trying to connect to the Docker daemon socket',
  ])("is the engine's own text when it is not recognized: %s", (words) => {
    expect(explainPull('a/b', words)).toEqual({ why: 'docker pull failed' });
  });

  it.each([
    ['busybox', 'docker.io'],
    ['org/app:1', 'docker.io'],
    ['localhost/app', 'localhost'],
    ['127.0.0.1:5000/a/b:2', '127.0.0.1:5000'],
  ])('names the registry of %s', (image, registry) => {
    expect(explainPull(image, 'connection refused').why).toBe(`${registry} cannot be reached (connection refused)`);
  });
});
