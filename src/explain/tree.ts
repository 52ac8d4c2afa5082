import { ContainerModel, MountModel, VariableModel, VolumeModel, WorkloadModel } from './workload-model';

/** A line of text with lines below it. */
interface Branch {
  readonly label: string;
  readonly branches?: Branch[];
}

const LONGEST_VALUE = 100;

/** A workload as a tree of text. */
export function workloadTree(workload: WorkloadModel): string {
  return [workload.title, ...draw(branchesOf(workload))].join('\n');
}

function branchesOf(workload: WorkloadModel): Branch[] {
  return [
    { label: workload.scale },
    { label: workload.identity },
    { label: 'starts in this order', branches: workload.containers.map(containerBranch) },
    ...(workload.volumes.length > 0 ? [{ label: 'volumes', branches: workload.volumes.map(volumeBranch) }] : []),
    {
      label: `Pod Security: ${workload.verdict}`,
      branches: workload.violations.map(({ container, field, value, rule, remedy }) => ({
        label: `${container ?? 'pod'}: ${rule}`,
        branches: [{ label: `${field} is ${value ?? 'not set'}` }, { label: remedy }],
      })),
    },
  ];
}

function containerBranch({ name, role, image, command, env, mounts }: ContainerModel, i: number): Branch {
  return {
    label: `${i + 1}. ${name}${role && ` (${role})`}: ${image}`,
    branches: [
      { label: `runs ${command ? shorten(command) : 'the command of the image'}` },
      ...(env.length > 0 ? [{ label: 'environment', branches: env.map(variableBranch) }] : []),
      ...(mounts.length > 0 ? [{ label: 'mounts', branches: mounts.map(mount => ({ label: `${mount.path} is ${mountText(mount, mount.volume)}` })) }] : []),
    ],
  };
}

function variableBranch({ name, value }: VariableModel): Branch {
  return { label: `${name} = ${shorten(value)}` };
}

function volumeBranch({ name, source, mounts }: VolumeModel): Branch {
  return {
    label: `${name}: ${source}`,
    branches: mounts.length > 0
      ? mounts.map(mount => ({ label: mountText(mount, `${mount.container} at ${mount.path}`) }))
      : [{ label: 'mounted nowhere' }],
  };
}

function mountText({ subPath, readOnly }: MountModel, what: string): string {
  return `${what}${subPath && `, only ${subPath}`}${readOnly ? ', read-only' : ''}`;
}

/** Scripts and search paths in the middle of a tree hide the rest of it. */
function shorten(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ⏎ ');
  return line.length > LONGEST_VALUE ? `${line.slice(0, LONGEST_VALUE)}…` : line;
}

function draw(branches: Branch[]): string[] {
  return branches.flatMap(({ label, branches: below = [] }, i) => {
    const last = i === branches.length - 1;
    return [`${last ? '└─' : '├─'} ${label}`, ...draw(below).map(line => `${last ? '  ' : '│ '} ${line}`)];
  });
}
