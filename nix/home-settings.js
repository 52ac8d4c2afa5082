// usage: node home-settings.js COMMAND MANIFEST STATE SETTINGS SERVERS
//
// Brings what a manifest says, { settings, mcpServers }, into files that belong to an assistant and its user: SETTINGS, and "mcpServers"
// of SERVERS. STATE holds what was brought last, so that what the manifest no longer says goes, and everything else stays:
//   - what its user has set to something else is left alone, also if the manifest changes
//   - what its user has taken out comes back only if the manifest changes it
//   - of lists, entry by entry; an MCP server is one value
// May be killed at any time and run again: each file is renamed into its place, STATE comes last.
'use strict';
const fs = require('fs');
const path = require('path');

const [command, manifest, state, settings, servers] = process.argv.slice(2);

const isMapping = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (mapping, key) => isMapping(mapping) && Object.hasOwn(mapping, key) ? mapping[key] : undefined;
const optional = (test, ...values) => values.every(value => value === undefined || test(value));

function canonical(value) {
  return Array.isArray(value) ? value.map(canonical)
    : isMapping(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, canonical(item)]) : `${typeof value} ${value}`;
}

const same = (one, other) => JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));
const includes = (list, item) => list.some(other => same(item, other));

/** @param depth how many mappings are taken apart; what lies deeper is one value */
function merge(home, before, now, depth) {
  if (same(before, now)) {
    return home;
  }
  if (depth > 0 && optional(isMapping, home, before, now)) {
    const keys = new Set([home, before, now].flatMap(mapping => Object.keys(mapping ?? {})));
    const merged = [...keys].map(key => [key, merge(own(home, key), own(before, key), own(now, key), depth - 1)]);
    const entries = merged.filter(([, value]) => value !== undefined);
    return entries.length === 0 && now === undefined ? undefined : Object.fromEntries(entries);
  }
  if (depth > 0 && optional(Array.isArray, home, before, now)) {
    const [mine, old, fresh] = [home ?? [], before ?? [], now ?? []];
    const items = [
      ...mine.filter(item => !includes(old, item) || includes(fresh, item)),
      ...fresh.filter(item => !includes(mine, item) && !includes(old, item)),
    ];
    return items.length === 0 && now === undefined ? undefined : items;
  }
  return home === undefined || same(home, before) ? now : home;
}

function read(file) {
  try {
    const text = fs.readFileSync(file, 'utf8');
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch (error) {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** To where a link leads, with the mode of what is there. */
function write(file, content) {
  const there = fs.lstatSync(file, { throwIfNoEntry: false });
  const target = there ? fs.realpathSync(file) : file;
  if (target.startsWith('/nix/store/')) {
    throw new Error('it is a link into the Nix store, and belongs to a home-manager configuration');
  }
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const part = `${target}.cdk8s-nix.${process.pid}`;
  try {
    fs.writeFileSync(part, `${JSON.stringify(content, undefined, 2)}\n`, { mode: there ? fs.statSync(target).mode & 0o777 : 0o600 });
    fs.renameSync(part, target);
  } catch (error) {
    fs.rmSync(part, { force: true });
    throw error;
  }
}

/** Other processes of the assistant write the same file, under this lock; that of a process that died is taken after ten seconds, as they do. */
function locked(file, action) {
  const lock = `${file}.lock`;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (const start = Date.now(); !take(lock);) {
    const held = fs.statSync(lock, { throwIfNoEntry: false });
    if (held && Date.now() - held.mtimeMs > 10000) {
      fs.rmSync(lock, { recursive: true, force: true });
    } else if (Date.now() - start > 20000) {
      throw new Error(`${lock} is held by another process`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  try {
    action();
  } finally {
    fs.rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock) {
  try {
    fs.mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/** @param at the key of the file that is merged into; all of it without */
function bring(file, before, now, at) {
  locked(file, () => {
    const content = read(file);
    if (!optional(isMapping, content)) {
      throw new Error('it holds no mapping');
    }
    // Where the file is gone, so is what was brought.
    const known = content === undefined ? undefined : before;
    const merged = at === undefined ? merge(content, known, now, Infinity) : withEntry(content, at, merge(own(content, at), known, now, 1));
    if (!same(merged ?? {}, content ?? {})) {
      write(file, merged ?? {});
    }
  });
}

function withEntry(mapping, key, value) {
  const others = Object.entries(mapping ?? {}).filter(([other]) => other !== key);
  return Object.fromEntries(value === undefined ? others : [...others, [key, value]]);
}

function readState() {
  try {
    const content = read(state);
    return isMapping(content) ? content : {};
  } catch {
    // Damaged: as if there were none.
    return {};
  }
}

const told = read(manifest) ?? {};
const last = readState();
const brought = {};
for (const [part, file, at] of [['settings', settings], ['mcpServers', servers, 'mcpServers']]) {
  const [before, now] = [own(last, part), own(told, part)];
  brought[part] = now;
  try {
    if (before !== undefined || now !== undefined) {
      bring(file, before, now, at);
    }
  } catch (error) {
    brought[part] = before;
    console.error(`${command}: what the manifest says is not in ${file}: ${error.message}`);
  }
}
try {
  if (Object.values(brought).every(part => part === undefined)) {
    fs.rmSync(state, { force: true });
  } else if (!same(JSON.parse(JSON.stringify(brought)), last)) {
    write(state, brought);
  }
} catch (error) {
  console.error(`${command}: ${state} cannot be written: ${error.message}`);
}
