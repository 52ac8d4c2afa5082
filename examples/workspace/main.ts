import { App, Chart, Size } from 'cdk8s';
import { NixDeployment, NixStore } from 'cdk8s-nix';

const app = new App();
const chart = new Chart(app, 'workspace', { namespace: 'development' });

new NixDeployment(chart, 'code', {
  store: NixStore.persistent({ size: Size.gibibytes(40), retain: true }),
});

app.synth();
