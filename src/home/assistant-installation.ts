import * as kplus from 'cdk8s-plus-28';
import { AiAssistant } from './ai-assistant';
import { WITHOUT_ASSISTANTS } from './assistant-checks';
import { HomeManager, WITHOUT_GENERATION } from './home-manager';
import { NixImage } from '../image/nix-image';

/** How the assistants of an environment come into a store before somebody needs them. */
export interface AssistantInstallation {
  /** What npm and the commands of the assistants read while they install: registries and their tokens, proxies, certificates, other versions. No keys of the assistants. */
  readonly variables: { readonly [name: string]: kplus.EnvValue };

  /** Why it is known that there are none; undefined if there are, or may be. */
  readonly problem?: string;

  /** Whether this is known of the environment alone: another one may bring them into the same store. */
  readonly isMissing: boolean;
}

/** A token of another name is anybody's: that of a tool, or the key of a provider. */
const READ_BY_NPM = /^(npm_.+|node_auth_token|node_extra_ca_certs|(https?|all|no)_proxy|cdk8s_nix_package_.+)$/i;

/** What an environment has, as far as it matters here. */
interface Props {
  readonly assistants?: AiAssistant[];
  readonly homeManager?: HomeManager;
}

export function assistantInstallation({ assistants = [], homeManager }: Props, image: NixImage): AssistantInstallation {
  const variables = assistants.flatMap(assistant => Object.entries(assistant._values)).filter(([name]) => READ_BY_NPM.test(name));
  const profile = homeManager?.bundledProfile;
  const isMissing = homeManager === undefined && WITHOUT_GENERATION.includes(image.kind);
  return {
    variables: Object.fromEntries(variables),
    isMissing,
    problem: isMissing ? 'Nothing brings its command: the environment has no home-manager profile.'
      : profile !== undefined && WITHOUT_ASSISTANTS.includes(profile) ? `The profile "${profile}" does not have it.` : undefined,
  };
}
