import { AiAssistant } from './ai-assistant';
import { HomeManager, HomeManagerProfile } from './home-manager';
import { Problems } from '../base/problems';

/** The profiles of the bundled flake without any assistant; all others have all of them. */
export const WITHOUT_ASSISTANTS: readonly HomeManagerProfile[] = [HomeManagerProfile.MINIMAL];

/** What people start MCP servers with that not all profiles have. npx is not among it: the command of an assistant brings its Node.js along. */
const OF_AI: readonly string[] = ['uv', 'uvx'];
const WITHOUT_UV: readonly HomeManagerProfile[] = [HomeManagerProfile.ESSENTIAL, HomeManagerProfile.DEVELOPMENT];

/** What is wrong with the assistants of an environment, each by itself and together. */
export function checkAssistants(assistants: AiAssistant[], homeManager: HomeManager | undefined, problems: Problems): void {
  assistants.forEach((assistant, i) => {
    const prop = `assistants[${i}]`;
    assistant._validate(problems, prop);
    checkInstalled(assistant, homeManager, problems, prop);
    checkPrograms(assistant, homeManager, problems, prop);
    checkTogether(assistant, assistants.slice(0, i), problems, prop);
  });
}

/** What a foreign flake installs is not known here. */
function checkInstalled(assistant: AiAssistant, homeManager: HomeManager | undefined, problems: Problems, prop: string): void {
  const remedy = 'Use homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), or a flake that has it.';
  if (homeManager === undefined) {
    problems.add('CDK8SNIX0604', prop, assistant.command, 'Nothing installs it: there is no home-manager profile.', remedy);
  } else if (homeManager.bundledProfile !== undefined && WITHOUT_ASSISTANTS.includes(homeManager.bundledProfile)) {
    problems.add('CDK8SNIX0604', prop, assistant.command, `The profile "${homeManager.bundledProfile}" does not have it.`, remedy);
  }
}

/** Those of MCP servers, where what is installed is known. An image may have more, which its path says. */
function checkPrograms(assistant: AiAssistant, homeManager: HomeManager | undefined, problems: Problems, prop: string): void {
  const profile = homeManager?.bundledProfile;
  assistant._mcpServers.forEach((server, i) => {
    if (profile !== undefined && WITHOUT_UV.includes(profile) && OF_AI.includes(server._command ?? '')) {
      problems.add('CDK8SNIX0604', `${prop}.mcpServers[${i}]`, server._command, `The profile "${profile}" does not have it.`,
        'Use HomeManagerProfile.AI, or the whole path if the image has it, for example "/usr/bin/uvx".');
    }
  });
}

function checkTogether(assistant: AiAssistant, earlier: AiAssistant[], problems: Problems, prop: string): void {
  if (earlier.some(other => other.command === assistant.command)) {
    problems.add('CDK8SNIX0605', prop, assistant.command, 'It is there already.', 'Give each assistant once.');
    return;
  }
  // Whatever the home is, it is the same for both.
  const variables = new Map(earlier.flatMap(other => other._variables('~').map(variable => [variable.name, { other, variable }])));
  for (const variable of assistant._variables('~')) {
    const clash = variables.get(variable.name);
    if (clash && JSON.stringify(clash.variable) !== JSON.stringify(variable)) {
      problems.add('CDK8SNIX0605', prop, assistant.command, `It needs another ${variable.name} than ${clash.other.command} does.`,
        'Use the same Secret for both.');
    }
  }
}
