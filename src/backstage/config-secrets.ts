import { ConfigMapping } from './app-config';
import { holdsSecret, isSecret } from '../base/plain-secret';
import { Problem } from '../base/problems';

/**
 * Secrets in a configuration, which is a ConfigMap: keys of a known kind and passwords in URLs, and what is called a secret.
 *
 * @param byName look at the names too; in development a password may be one that everybody knows
 */
export function plainSecrets(config: ConfigMapping, byName: boolean): Problem[] {
  return texts(config, 'appConfig').filter(({ name, text }) => holdsSecret(text) || (byName && !text.includes('${') && isSecret(name, text))).map(({ path, name }): Problem => ({
    code: 'CDK8SNIX0905',
    prop: path,
    value: '(not shown)',
    problem: 'It holds a secret, which anyone who can read the manifest would see.',
    remedy: `Take it from a Secret by the prop \`secrets\`, and write "\${${variableName(name)}}" here.`,
  }));
}

function texts(value: unknown, path: string, name: string = ''): Array<{ readonly path: string; readonly name: string; readonly text: string }> {
  if (typeof value === 'string') {
    return [{ path, name, text: value }];
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inside]) => Array.isArray(value) ? texts(inside, `${path}[${key}]`, name) : texts(inside, `${path}.${key}`, key));
}

/** As one would call the variable. */
function variableName(key: string): string {
  return key.replace(/(?<=[a-z])(?=[A-Z])|\W+/g, '_').toUpperCase() || 'NAME';
}
