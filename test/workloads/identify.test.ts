import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configured, identify } from '../../src/workloads/identify.ts';
import { id, podA, staticPod } from '../trees/cgroups.ts';

const underscored = podA.replaceAll('-', '_');
const a = id('a');

describe('a cgroup is told by its path', () => {
  it.each([
    // kubelet by the systemd driver; containerd, CRI-O, cri-dockerd
    [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${underscored}.slice/cri-containerd-${a}.scope`, 'container', podA, a, 'burstable', 'containerd'],
    [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${underscored}.slice/crio-${a}.scope`, 'container', podA, a, 'besteffort', 'crio'],
    [`/kubepods.slice/kubepods-pod${underscored}.slice/docker-${a}.scope`, 'container', podA, a, 'guaranteed', 'docker'],
    // by the cgroupfs driver
    [`/kubepods/burstable/pod${podA}/${a}`, 'container', podA, a, 'burstable', 'unknown'],
    [`/kubepods/pod${podA}/crio-${a}`, 'container', podA, a, 'guaranteed', 'crio'],
    // kind and k3d: kubelet in a container; a hierarchy that was renamed
    [`/docker/${id('f')}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${underscored}.slice/cri-containerd-${a}.scope`, 'container', podA, a, 'besteffort', 'containerd'],
    [`/mine/kubepods/besteffort/pod${podA}/${a}`, 'container', podA, a, 'besteffort', 'unknown'],
    // static pods go by the hash of their file
    [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${staticPod}.slice/cri-containerd-${a}.scope`, 'static_pod', staticPod, a, 'burstable', 'containerd'],
    // without Kubernetes
    [`/system.slice/docker-${a}.scope`, 'container', '', a, '', 'docker'],
    [`/docker/${a}`, 'container', '', a, '', 'docker'],
    [`/machine.slice/libpod-${a}.scope`, 'container', '', a, '', 'podman'],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${a}.scope`, 'container', '', a, '', 'podman'],
    [`/system.slice/nerdctl-${a}.scope`, 'container', '', a, '', 'containerd'],
    // a pod whose containers have names that we do not know
    [`/kubepods/pod${podA}`, 'pod', podA, '', 'guaranteed', 'unknown'],
  ] as const)('%s', (path, kind, podUid, containerId, qos, runtime) => {
    expect(identify(path)).toEqual({ kind, podUid, containerId, qos, cgroup: '', runtime });
  }); // prettier-ignore

  it('a service by the path itself', () => {
    expect(identify('/system.slice/postgresql@15-main.service')).toEqual({
      kind: 'service',
      podUid: '',
      containerId: '',
      qos: '',
      cgroup: 'system.slice/postgresql@15-main.service',
      runtime: 'systemd',
    });
  });

  it.each([
    '',
    '/',
    '/kubepods.slice',
    '/kubepods.slice/kubepods-burstable.slice',
    `/kubepods/pod${podA}/crio-conmon-${a}`,
    `/machine.slice/libpod-conmon-${a}.scope`,
    '/init.scope',
    `/kubepods/pod${podA.slice(1)}`,
    `/docker/${a.slice(1)}`,
    '/user.slice/user-0.slice/session-1.scope',
    '/podcast.slice',
  ])('%j is nobody’s', (path) => {
    expect(identify(path)).toBe(null);
  });

  it('what the operator names goes by its path, whatever it looks like', () => {
    expect(configured(`/kubepods/pod${podA}`)).toMatchObject({
      kind: 'cgroup',
      cgroup: `kubepods/pod${podA}`,
    });
  });

  it('whatever the path is, labels are those of the list', () => {
    const part = fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom(`pod${podA}`, a, `crio-${a}.scope`, 'x.service', 'kubepods', 'burstable')); // prettier-ignore
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const found = identify(`/${parts.join('/')}`);
        if (!found) return;
        expect(found.podUid).toMatch(/^([0-9a-f-]{36}|[0-9a-f]{32}|)$/);
        expect(found.containerId).toMatch(/^([0-9a-f]{64}|)$/);
      }),
      { numRuns: 2000 },
    );
  });
});
