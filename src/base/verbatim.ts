/** How many are remembered: the environments of an app have the same few files. */
const MOST = 50;

/** What was encoded, by its text. */
const known = new Map<string, string>();

/**
 * Files as the `binaryData` of a ConfigMap: text of which every character counts.
 *
 * What stands between the manifests and the cluster may rewrite text: Flux' `postBuild` and `envsubst` replace `${name}` or fail on it, `envsubst` also
 * `$name`, a Helm chart takes `{{` for its own. Our scripts, flakes and configurations are full of those; base64 has none of them.
 */
export function verbatim(files: { readonly [key: string]: string }): { [key: string]: string } {
  return Object.fromEntries(Object.entries(files).map(([key, text]) => [key, known.get(text) ?? encode(text)]));
}

function encode(text: string): string {
  const encoded = Buffer.from(text, 'utf-8').toString('base64');
  if (known.size >= MOST) {
    known.clear();
  }
  known.set(text, encoded);
  return encoded;
}
