import { github, JsonPatch } from 'projen';

/**
 * A statement, signed by the forge, of which commit and workflow made a file: `gh attestation verify FILE --repo OWNER/NAME`.
 * npm and PyPI have one of their own by trusted publishing; this is for the registries that have none.
 */
export const attest = (folder: string): github.workflows.JobStep => ({
  name: 'Provenance',
  if: '${{ !inputs.dry_run }}',
  uses: 'actions/attest-build-provenance@v3',
  with: { 'subject-path': `dist/${folder}/**/*` },
});

/** What projen's release workflow lacks for that: the permission to sign. */
export function allowAttestations(release: github.GithubWorkflow, ...jobs: string[]): void {
  for (const job of jobs) {
    release.file!.addOverride(`jobs.${job}.permissions.attestations`, 'write');
    release.file!.addOverride(`jobs.${job}.permissions.id-token`, 'write');
  }
  // Named by projen, though it is what npm takes without being told.
  release.file!.patch(JsonPatch.remove('/jobs/release_npm/steps/9/env/NPM_REGISTRY'));
}
