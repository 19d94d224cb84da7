import { describe, expect, it } from 'vitest';
import {
  checkStartOptions,
  checkStopOptions,
  checkTargetOptions,
} from '../../../../src/deployers/lifecycle/target-options.js';
import { testContext } from '../../../support/context.js';

const start = { services: [], wait: true, images: new Map(), acceptNewPath: false };
const stop = { services: [], deleteVolumes: false, deleteData: false, force: false };

describe('an option that means nothing on the target', () => {
  it.each([
    ['k8s', { '--pull': true }, '--pull has no effect on Kubernetes: nodes pull as image-pull-policy says'],
    ['compose', { '--force-conflicts': true }, '--force-conflicts has no effect on Docker Compose: '],
    ['compose', { '--previous': true }, '--previous has no effect on Docker Compose: '],
  ] as const)('is a usage error on %s: %o', (deployTo, given, message) => {
    const { report, output } = testContext('/');
    expect(() => checkTargetOptions({ deployTo }, given, report)).toThrow(message);
    expect(output.stderr).toBe('');
  });

  it('is accepted with a warning if scripts of the Python program pass it', () => {
    const { report, output } = testContext('/');
    checkTargetOptions({ deployTo: 'k8s-kind' }, { '--stay-attached': true }, report);
    checkStopOptions({ deployTo: 'compose' }, { ...stop, kubernetes: { deleteNamespace: true } }, {}, report);
    checkTargetOptions({ deployTo: 'k8s' }, { '--perform-cluster-management': true }, report);
    expect(output.stderr).toBe(
      'WARNING: --stay-attached has no effect on Kubernetes: logs --follow shows the output\n' +
        'WARNING: --delete-namespace has no effect on Docker Compose: there are no namespaces\n' +
        'WARNING: --perform-cluster-management has no effect on Kubernetes: the deployment has no kind cluster\n',
    );
  });

  it('is fine where it was not given, and on the target that it is for', () => {
    const { report, output } = testContext('/');
    checkStartOptions({ deployTo: 'k8s' }, { ...start, kubernetes: { forceConflicts: true } }, report);
    checkStartOptions({ deployTo: 'compose' }, { ...start, compose: { attached: true, pull: true } }, report);
    checkTargetOptions({ deployTo: 'compose' }, { '--previous': false }, report);
    checkTargetOptions({ deployTo: 'k8s-kind' }, { '--skip-cluster-management': true }, report);
    expect(output.stderr).toBe('');
  });

  it('a start of some services on Kubernetes starts all of them, with a warning', () => {
    const { report, output } = testContext('/');
    checkStartOptions({ deployTo: 'k8s' }, { ...start, services: ['web', 'db'] }, report);
    expect(output.stderr).toBe('WARNING: on Kubernetes the whole deployment is started, not only web, db\n');
  });

  it('a stop of some services is a usage error on Kubernetes', () => {
    const { report } = testContext('/');
    const some = { ...stop, services: ['web'] };
    expect(() => checkStopOptions({ deployTo: 'k8s' }, some, {}, report)).toThrow(
      'on Kubernetes the whole deployment is stopped: services cannot be selected',
    );
    expect(() => checkStopOptions({ deployTo: 'compose' }, some, {}, report)).not.toThrow();
  });
});
