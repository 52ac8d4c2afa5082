import { ErrorCode } from './error-code';

/**
 * Props and arguments of which a wrong type is said with the code of all that can be wrong with them: a code never changes its meaning.
 */
export const OWN_CODES: { readonly [place: string]: ErrorCode } = {
  'AiAssistantOptions.baseUrl': 'CDK8SNIX0606',
  'AiAssistantOptions.model': 'CDK8SNIX0606',
  'McpCommandOptions.args': 'CDK8SNIX0606',
  'McpCommandOptions.variables': 'CDK8SNIX0606',
  'McpServer.command.command': 'CDK8SNIX0606',
  'McpServer.command.name': 'CDK8SNIX0606',
  'McpServer.http.name': 'CDK8SNIX0606',
  'McpServer.http.url': 'CDK8SNIX0606',
  'NixBringProgramsOptions.deadline': 'CDK8SNIX0704',
  'NixEnvironment.containerFor.program': 'CDK8SNIX1201',
  'NixEnvironmentOptions.bringPrograms': 'CDK8SNIX1204',
  'NixFlakeProgramOptions.attribute': 'CDK8SNIX1201',
  'NixProgram.command.argv': 'CDK8SNIX1201',
  'NixProgram.flake.reference': 'CDK8SNIX1201',
  'NixProgram.package.path': 'CDK8SNIX1201',
  'NixProgramOptions.args': 'CDK8SNIX1201',
  'NixProgramOptions.command': 'CDK8SNIX1201',
  'NixProgramOptions.image': 'CDK8SNIX0101',
  'NixProgramOptions.name': 'CDK8SNIX1202',
  'NixRuntimeClass.flox.options': 'CDK8SNIX1207',
  'NixStore.runtimeClass.runtime': 'CDK8SNIX1207',
  'NixWorkloadOptions.programs': 'CDK8SNIX1201',
  'NpmAssistantOptions.npmPackage': 'CDK8SNIX0606',
  'NpmAssistantOptions.settings': 'CDK8SNIX0606',
  'RuntimeClassOptions.image': 'CDK8SNIX0101',
  'RuntimeClassOptions.name': 'CDK8SNIX1207',
};

/** What is checked where it is used, and knows better what to do instead. */
export const CHECKED_WHERE_USED: readonly string[] = ['NixEnvironment.enable.workload', 'NixImageRecipe.of.kind'];
