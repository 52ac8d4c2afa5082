import { App } from 'cdk8s';
import { environments } from './environments';

const app = new App();
environments(app);
app.synth();
