import { spawnSync } from 'child_process';

/** The languages other than TypeScript whose packages are built, installed and used here. */
export type Language = 'python' | 'java' | 'go' | 'dotnet';

/** A command that succeeds where a language's tools are, and what `test/system-packages.sh` would install for them: Debian has no package of .NET. */
const TOOLS: { readonly [language in Language]: { readonly check: readonly string[]; readonly packages?: string } } = {
  python: { check: ['python3', '-c', 'import ensurepip'], packages: 'python3 python3-venv' },
  java: { check: ['mvn', '--version'], packages: 'default-jdk-headless maven' },
  go: { check: ['go', 'version'], packages: 'golang-go' },
  dotnet: { check: ['dotnet', '--version'] },
};

function isAtHand(language: Language): boolean {
  const [command, ...args] = TOOLS[language].check;
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/**
 * `describe` for a suite that needs the tools of a language. Where they are missing, a person's run leaves the suite out, and the last lines of
 * `npm test` say so with the line that installs them; a CI run fails where they could have been installed.
 */
export function describeWith(language: Language, suite: () => void): void {
  if (isAtHand(language)) {
    describe(language, suite);
  } else if (process.env.CI && TOOLS[language].packages) {
    test(`the tools for ${language} are here`, () => {
      throw new Error(`${TOOLS[language].check[0]} is missing: apt-get install --no-install-recommends ${TOOLS[language].packages}`);
    });
  } else {
    describe.skip(language, suite);
  }
}
