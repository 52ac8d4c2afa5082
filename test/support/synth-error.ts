import { Chart, Testing } from 'cdk8s';
import { testChart } from './synth';

/** What synth says about a chart that is built like this; fails if it says nothing. */
export function synthError(build: (chart: Chart) => void): string {
  const message = synthErrorOf(build);
  if (message === '') {
    throw new Error('synth accepted it');
  }
  return message;
}

/** The same; nothing if it says nothing. */
export function synthErrorOf(build: (chart: Chart) => void): string {
  const chart = testChart();
  try {
    build(chart);
    Testing.synth(chart);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
