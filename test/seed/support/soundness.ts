import * as fs from 'fs';
import * as path from 'path';
import { Image } from './image';
import { Volume } from './volume';

/** What a user has put on a volume. */
export interface Belongings {
  /** Store paths, rooted or not. */
  readonly paths: string[];
  /** Files and links below nix/ that are theirs, each with what it must go on to say. */
  readonly links: { [link: string]: string };
}

/** Installs what users do: a profile with two generations, a gcroot of their own, a channel, and something not rooted at all. */
export async function installThings(volume: Volume, image: Image): Promise<Belongings> {
  await volume.inWorkload(image, `
    mkdir -p /nix/var/nix/profiles/per-user/code
    thing() { nix-build --quiet --no-out-link /support/thing.nix --argstr name "$1"; }
    nix-env --profile /nix/var/nix/profiles/per-user/code/profile --set "$(thing first)"
    nix-env --profile /nix/var/nix/profiles/per-user/code/profile --set "$(thing second)"
    nix-env --profile /nix/var/nix/profiles/per-user/code/channels --set "$(thing channel)"
    ln -s "$(thing rooted)" /nix/var/nix/gcroots/mine
    thing unrooted`);
  const links: { [link: string]: string } = {};
  const profiles = 'var/nix/profiles/per-user/code';
  for (const name of fs.readdirSync(path.join(volume.nix, profiles))) {
    links[`${profiles}/${name}`] = fs.readlinkSync(path.join(volume.nix, profiles, name));
  }
  links['var/nix/gcroots/mine'] = fs.readlinkSync(path.join(volume.nix, 'var/nix/gcroots/mine'));
  expect(Object.keys(links)).toHaveLength(6);
  return { links, paths: await volume.inWorkload(image, 'ls -d /nix/store/*-thing-*') };
}

/** The store is whole in Nix's own eyes, holds all of the image and everything the user has, and nothing of ours lies about. */
export async function expectSound(volume: Volume, image: Image, belongings: Belongings = { paths: [], links: {} }) {
  const wanted = [...await image.paths(), ...belongings.paths];
  const verdict = await volume.inWorkload(image, `
    nix-store --verify --check-contents 2>&1
    nix-store --check-validity --print-invalid $WANTED | sed 's/^/invalid: /'
    nix-store --query --hash $WANTED >/dev/null
    for path in $WANTED; do [ -e "$path" ] || [ -L "$path" ] || echo "absent: $path"; done
    find /nix/store -mindepth 1 -not -type l -perm /7222 -not -path '/nix/store/.links*' | sed 's/^/writable: /'
    `, { WANTED: wanted.join(' ') });
  expect(verdict.filter(line => !/^(reading the Nix store|checking (path existence|link hashes|store hashes))/.test(line))).toEqual([]);
  for (const [link, target] of Object.entries(belongings.links)) {
    expect(`${link} -> ${fs.readlinkSync(path.join(volume.nix, link))}`).toBe(`${link} -> ${target}`);
  }
  expect(profileOf(volume)).toBe(image.profile);
  // A seeder killed between its marker and the end leaves its lock, which is dead and in nobody's way, and one killed before that what is to be signed when it comes
  // back. And what is registered is noted where collectors can be kept away.
  const ours = fs.readdirSync(path.join(volume.nix, '.cdk8s-nix')).filter(entry => !['lock', 'registered', 'unsigned'].includes(entry)).sort();
  expect(ours).toEqual(['flock', 'history', 'probe', 'profiles', 'seed']);
}

/** The store path that the volume's default profile stands for. */
export function profileOf(volume: Volume): string {
  const profiles = path.join(volume.nix, 'var/nix/profiles');
  return fs.readlinkSync(path.join(profiles, fs.readlinkSync(path.join(profiles, 'default'))));
}
