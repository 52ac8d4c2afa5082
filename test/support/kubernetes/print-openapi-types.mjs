// Prints the field tables of @kubernetes/client-node as JSON. A program of its own, because that package is an ES module,
// which jest on Node 20 cannot load; its root module does not load on Node 20 at all, the generated models do.
import * as models from '@kubernetes/client-node/dist/gen/models/ObjectSerializer.js';

const types = Object.entries(models)
  .filter(([, model]) => model.attributeTypeMap)
  .map(([name, model]) => [name, Object.fromEntries(model.attributeTypeMap.map(({ baseName, type }) => [baseName, type]))]);
process.stdout.write(JSON.stringify(Object.fromEntries(types)));
