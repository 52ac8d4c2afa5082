import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { cachedImage } from './image-cache';

const SEED_IMAGE_SOURCES = path.join(__dirname, 'seed-image');
const ROOTFS_SCRIPT = path.join(__dirname, 'debian-rootfs.sh');

/**
 * An image with a real single-user Nix of user 1001 in `/nix`, built offline from Debian packages; nothing beside it but
 * links into it. Its Nix depends on nothing outside `/nix`, so that it runs in any image the store is mounted into.
 *
 * @param release 1, or a higher number for an image to upgrade to: another path of Nix itself, and one package more,
 *                whose program `addition` prints the release
 */
export function seedImage(release: number = 1): string {
  return cachedImage({
    name: `seed-${release}`,
    sources: [ROOTFS_SCRIPT, ...readdirSync(SEED_IMAGE_SOURCES).map(file => path.join(SEED_IMAGE_SOURCES, file))],
    config: ['ENV PATH=/nix/var/nix/profiles/default/bin:/usr/bin:/bin', 'CMD ["/bin/sh"]'],
    fill: folder => void execFileSync('sh', [path.join(SEED_IMAGE_SOURCES, 'build.sh'), String(release), folder], { encoding: 'utf8' }),
  });
}

/** A Debian system without Nix and without a user 1001, as somebody else's application image. */
export function debianImage(): string {
  return cachedImage({
    name: 'debian',
    sources: [ROOTFS_SCRIPT],
    config: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["bash"]'],
    fill: folder => fillWithDebian(folder, 'trixie-plain', 'bash'),
  });
}

/** The same with the Node.js and the npm of this machine in `/usr`. */
export function nodeImage(): string {
  const npm = path.dirname(path.dirname(realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim())));
  return cachedImage({
    name: 'node',
    sources: [ROOTFS_SCRIPT, path.join(npm, 'package.json')],
    key: process.version,
    config: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["bash"]'],
    fill: folder => {
      fillWithDebian(folder, 'trixie-plain', 'bash');
      copyFileSync(process.execPath, path.join(folder, 'usr/bin/node'));
      cpSync(npm, path.join(folder, 'usr/lib/node_modules/npm'), { recursive: true });
      for (const tool of ['npm', 'npx']) {
        symlinkSync(`../lib/node_modules/npm/bin/${tool}-cli.js`, path.join(folder, 'usr/bin', tool));
      }
    },
  });
}

/** nginx with a shell and the certificates of the public authorities, as a binary cache needs it; its user is any that is not root. */
export function nginxImage(): string {
  return cachedImage({
    name: 'nginx',
    sources: [ROOTFS_SCRIPT],
    config: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'USER 101', 'CMD ["nginx"]'],
    fill: folder => fillWithDebian(folder, 'trixie-nginx', 'nginx', 'ca-certificates'),
  });
}

/** PostgreSQL and its user, who has the id of the official images. */
export function postgresImage(): string {
  return cachedImage({
    name: 'postgres',
    sources: [ROOTFS_SCRIPT],
    config: ['ENV PATH=/usr/lib/postgresql/17/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["postgres"]'],
    fill: folder => {
      fillWithDebian(folder, 'trixie-postgres', 'postgresql-17');
      for (const file of ['passwd', 'group']) {
        const table = path.join(folder, 'etc', file);
        writeFileSync(table, readFileSync(table, 'utf8').replace(/^postgres:x:\d+(:\d+)?/m, (_, group) => `postgres:x:999${group ? ':999' : ''}`));
      }
      // What the package has set up.
      rmSync(path.join(folder, 'var/lib/postgresql'), { recursive: true });
      mkdirSync(path.join(folder, 'var/lib/postgresql'), { mode: 0o777 });
    },
  });
}

/** The least an image can be: a static busybox, with no libraries at all and nobody in `/etc/passwd` but root. */
export function busyboxImage(): string {
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  return cachedImage({
    name: 'busybox',
    sources: [busybox],
    config: ['ENV PATH=/bin', 'CMD ["sh"]'],
    fill: folder => {
      for (const name of ['bin', 'etc', 'tmp']) {
        mkdirSync(path.join(folder, name));
      }
      chmodSync(path.join(folder, 'tmp'), 0o1777);
      copyFileSync(busybox, path.join(folder, 'bin/busybox'));
      for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split(/\s+/).filter(name => name && name !== 'busybox')) {
        symlinkSync('busybox', path.join(folder, 'bin', applet));
      }
      writeFileSync(path.join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
      writeFileSync(path.join(folder, 'etc/group'), 'root:x:0:\n');
    },
  });
}

function fillWithDebian(folder: string, name: string, ...packages: string[]): void {
  const rootfs = execFileSync('sh', [ROOTFS_SCRIPT, 'trixie', name, ...packages], { encoding: 'utf8' }).trim();
  execFileSync('cp', ['--archive', '--one-file-system', '--reflink=auto', `${rootfs}/.`, folder]);
}
