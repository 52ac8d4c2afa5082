import { join } from 'path';
import { App } from 'cdk8s';
import { Applications } from './applications';
import { portals } from './portals';

const app = new App();
new Applications(app, 'applications', portals(app, join(__dirname, 'images.json')).names);
app.synth();
