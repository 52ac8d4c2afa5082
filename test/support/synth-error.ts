import { Chart, Testing } from 'cdk8s';
import { testChart } from './synth';

/** What synth says about a chart that is built like this; fails if it says nothing. */
export function synthError(build: (chart: Chart) => void): string {
  const chart = testChart();
  try {
    build(chart);
    Testing.synth(chart);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('synth accepted it');
}
