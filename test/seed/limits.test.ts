import { run } from './support/container';
import { Cgroup } from '../support/run/cgroup';

// What the benchmarks and the tests of small containers rest on.
describe('a container with limits', () => {
  let cgroup: Cgroup;

  beforeEach(() => cgroup = new Cgroup({ cpus: 0.5, mebibytes: 64 }));
  afterEach(() => cgroup.remove());

  const inside = async (script: string) => run({ mounts: {}, cgroup, command: ['bash', '-c', script] });

  test('sees them where a runtime shows them', async () => {
    const { stdout } = await inside('cd /sys/fs/cgroup; cat cpu.max memory.max cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes 2>/dev/null');
    expect(stdout).toMatch(/^50000( 100000)?\n67108864\n$/);
  });

  test('gets no more than its share of a processor', async () => {
    const { stderr } = await inside('TIMEFORMAT=%U; time timeout 2 bash -c "while :; do :; done"');
    expect(Number(stderr)).toBeLessThan(1.3);
  });

  test('is killed for more memory', async () => {
    expect((await inside('dd if=/dev/zero of=/dev/null bs=32M count=1')).code).toBe(0);
    expect((await inside('dd if=/dev/zero of=/dev/null bs=128M count=1; echo $?')).stdout).toBe('137\n');
  });
});
