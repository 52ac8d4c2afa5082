// usage: node codex-servers.js SERVERS CONFIG
//
// Prints the lines of SERVERS, each an MCP server `name = …`, but for those that CONFIG, the user's own config.toml, has by itself: a server is one
// if it says what is started or where it is. Other settings of it, as `enabled = false`, are the user's word on ours.
'use strict';
const fs = require('fs');

const [servers, config] = process.argv.slice(2);

/** The paths of all keys that a TOML file gives a value, however they are written. What follows a mistake is not read: Codex does not start with it. */
function keysOf(text) {
  const found = [];
  let at = 0;
  let table = [];

  const starts = token => text.startsWith(token, at);
  const skip = pattern => {
    pattern.lastIndex = at;
    at += pattern.exec(text)[0].length;
  };
  const blank = () => skip(/[ \t]*/y);
  const gap = () => skip(/(?:[\s\ufeff]|#[^\n]*)*/y);

  function take(pattern) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) {
      throw new SyntaxError(`unexpected text at ${at}`);
    }
    at += match[0].length;
    return match;
  }

  function key() {
    const parts = [];
    do {
      blank();
      const [, bare, literal, basic] = take(/([A-Za-z0-9_-]+)|'([^'\n]*)'|"((?:[^"\\\n]|\\.)*)"/y);
      parts.push(bare ?? literal ?? unescape(basic));
      blank();
    } while (starts('.') && ++at);
    return parts;
  }

  function value(path) {
    gap();
    if (starts('"""')) {
      take(/"""(?:[^"\\]|\\[^]|"{1,2}(?!"))*"{3,5}/y);
    } else if (starts("'''")) {
      take(/'''(?:[^']|'{1,2}(?!'))*'{3,5}/y);
    } else if (starts('"')) {
      take(/"(?:[^"\\\n]|\\.)*"/y);
    } else if (starts("'")) {
      take(/'[^'\n]*'/y);
    } else if (starts('[')) {
      at++;
      until(']', () => value(undefined));
    } else if (starts('{')) {
      at++;
      until('}', () => entry(path));
    } else {
      take(/[^\s,\]}#][^,\]}#\n]*/y);
    }
  }

  function until(end, item) {
    for (gap(); !starts(end); gap()) {
      item();
      gap();
      if (!starts(end)) {
        take(/,/y);
      }
    }
    at++;
  }

  function entry(above) {
    const path = key();
    take(/=/y);
    if (above) {
      found.push([...above, ...path]);
    }
    value(above && [...above, ...path]);
  }

  try {
    for (gap(); at < text.length; gap()) {
      if (starts('[')) {
        const end = starts('[[') ? /\]\]/y : /\]/y;
        at += starts('[[') ? 2 : 1;
        table = key();
        take(end);
      } else {
        entry(table);
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  }
  return found;
}

function unescape(basic) {
  return basic.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g, (_, four, eight, one) =>
    one === undefined ? String.fromCodePoint(parseInt(four ?? eight, 16)) : { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\x1b' }[one] ?? one);
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') {
      return '';
    }
    throw error;
  }
}

function configOfUser() {
  try {
    return read(config);
  } catch (error) {
    console.error(`codex: ${config} cannot be read: ${error.message}`);
    return '';
  }
}

const own = new Set(keysOf(configOfUser())
  .filter(path => path.length === 3 && path[0] === 'mcp_servers' && ['command', 'url'].includes(path[2])).map(path => path[1]));
process.stdout.write(read(servers).split(/(?<=\n)/).filter(line => !own.has(line.slice(0, line.indexOf(' ')))).join(''));
