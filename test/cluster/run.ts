import { testCluster } from './test-cluster';

// Interrupting ends the kubectl that runs, and with it the scenario; what it has made is removed all the same.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

try {
  process.exitCode = testCluster(process.argv.slice(2), line => process.stdout.write(`${line}\n`));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
